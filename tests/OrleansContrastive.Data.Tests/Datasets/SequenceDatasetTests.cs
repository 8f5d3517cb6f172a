using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;
using OrleansContrastive.Data.Tests.Decoding;
using Bitmap = OrleansContrastive.Tests.Shared.Bitmap;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class SequenceDatasetTests : IDisposable
{
    private const int Side = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4, 0, 1, 2, 3)]
    [InlineData(5, 0, 1, 2, 4)]
    [InlineData(10, 0, 3, 6, 9)]
    public void Even_frames_span_the_sequence_row_by_row(int length, params int[] shown)
    {
        Sequence("walk", length);

        using var set = Open();

        Assert.Equal((1, 3, 2 * Side, 2 * Side, false, -1), (set.Count, set.Channels, set.Width, set.Height, set.HasLabels, set.Label(0)));
        Assert.Equal(shown, Shown(set, 0));
    }

    [Fact]
    public void Consecutive_frames_cut_a_sequence_into_fours_and_leave_the_rest()
    {
        Sequence("b", 10);
        Sequence("a", 4);

        using var set = Open(frames: FrameSpacing.Consecutive);

        Assert.Equal(3, set.Count);
        // Sequences come in ordinal order too.
        Assert.Equal([0, 1, 2, 3], Shown(set, 0));
        Assert.Equal([0, 1, 2, 3], Shown(set, 1));
        Assert.Equal([4, 5, 6, 7], Shown(set, 2));
    }

    [Fact]
    public void Folders_of_sequences_are_classes_and_splits_have_their_own()
    {
        Sequence("train/run/two", 4);
        Sequence("train/run/one", 4);
        Sequence("train/jump/x", 5);
        Sequence("test/run/y", 4);

        using var train = Open();
        using var test = Open("test");

        Assert.Equal(["jump", "run"], train.ClassNames);
        Assert.Equal([0, 1, 1], Enumerable.Range(0, 3).Select(train.Label));
        Assert.Equal((true, 1, 1), (test.HasLabels, test.Count, test.Label(0)));
        Assert.NotEqual(train.Fingerprint, test.Fingerprint);
    }

    [Fact]
    public void A_frame_is_its_middle_square_resized()
    {
        // 12 x 8, with a red stripe of 2 columns at both ends, which the middle square leaves out.
        for (var frame = 0; frame < 4; frame++)
            _folder.Write($"s/{frame}.bmp", Bitmap.Bytes(12, 8, (x, _) => x is < 2 or >= 10 ? (255, 0, 0) : (x < 6 ? 10 : 30, 20, 40)));

        using var set = Open();
        var pixels = Read(set, 0).Pixels;

        Assert.Equal([10, 20, 40], pixels[..3].ToArray());
        Assert.Equal([30, 20, 40], pixels[(3 * 3)..(3 * 4)].ToArray());
        Assert.Equal([10, 20, 40], pixels[(3 * 4)..(3 * 5)].ToArray());
    }

    [Fact]
    public void The_fingerprint_knows_frames_spacing_and_size()
    {
        Sequence("walk", 8);
        string[] prints = [Print(), Print(FrameSpacing.Consecutive), Print(size: 8), Print(channels: 1)];
        Assert.Equal(4, prints.Distinct().Count());
        Assert.Equal(prints[0], Print());
        _folder.Write("walk/0003.bmp", Frame(99));
        Assert.NotEqual(prints[0], Print());

        string Print(FrameSpacing frames = FrameSpacing.Even, int size = Side, int channels = 3)
        {
            using var set = DatasetCatalog.Open(new() { Name = "image-sequences", DataPath = _folder.Root, Frames = frames, FrameSize = size, Channels = channels });
            return set.Fingerprint;
        }
    }

    [Fact]
    public void A_broken_frame_spoils_its_own_image_and_is_named()
    {
        Sequence("a", 4);
        Sequence("b", 4);
        _folder.Write("b/0002.bmp", Fixtures.Bytes("420.jpg")[..200]);
        using var set = Open();

        var error = Assert.Throws<DatasetException>(() => Read(set, 1));

        Assert.Equal((_folder.File("b/0002.bmp"), 1), (Path.GetFullPath(error.Path), error.Index!.Value));
        Assert.IsType<ImageDecodingException>(error.InnerException);
        Assert.Equal([0, 1, 2, 3], Shown(set, 0));
    }

    [Fact]
    public void What_is_no_folder_of_sequences_is_refused_with_the_reason()
    {
        Assert.Contains("a folder of frames for each sequence, found none", Refusal(), StringComparison.Ordinal);
        Sequence("short", 3);
        Assert.Contains("a sequence of 4 frames or more, found 3", Refusal(), StringComparison.Ordinal);
        Sequence("short", 4);
        Sequence("kind/deep", 4);
        Assert.Contains("found frames in short and none in kind", Refusal(), StringComparison.Ordinal);
        _folder.Write("beside.bmp", Frame(0));
        Assert.Contains("found the image beside.bmp", Refusal(), StringComparison.Ordinal);
        Assert.Contains("for the split test", Refusal("test"), StringComparison.Ordinal);
        Sequence("train/run/a", 4);
        Sequence("test/fly/a", 4);
        Assert.Contains("found the folder fly", Refusal("test"), StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.File("train/swim"));
        Assert.Contains("swim: expected frames, or a folder of frames for each sequence, found neither", Refusal(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => DatasetCatalog.Open(new() { Name = "image-sequences", DataPath = _folder.Root, FrameSize = 3 }).Dispose());
    }

    [Fact]
    public void Several_threads_read_the_same_images()
    {
        for (var i = 0; i < 8; i++) Sequence($"s{i}", 4 + i);
        using var set = Open();
        var alone = Enumerable.Range(0, set.Count).Select(i => Read(set, i).Pixels.ToArray()).ToArray();
        Parallel.For(0, 200, i => Assert.Equal(alone[i % set.Count], Read(set, i % set.Count).Pixels.ToArray()));
    }

    /// <summary>Frames that are told apart by their grey value, ten times their number.</summary>
    private void Sequence(string name, int length)
    {
        for (var frame = 0; frame < length; frame++) _folder.Write($"{name}/{frame:d4}.bmp", Frame(frame));
    }

    private static byte[] Frame(int number) => Bitmap.Bytes(6, 5, (_, _) => (10 * number, 10 * number, 10 * number));

    private static int[] Shown(IImageDataset set, int index)
    {
        var image = Read(set, index);
        int[] corners = [0, image.Width - 1, image.Width * (image.Height - 1), (image.Width * image.Height) - 1];
        return [.. corners.Select(at => image.Pixels[3 * at] / 10)];
    }

    private static PixelBuffer Read(IImageDataset set, int index)
    {
        var image = new PixelBuffer();
        set.Read(index, image);
        return image;
    }

    private string Refusal(string split = "train") => Assert.Throws<DatasetException>(() => Open(split).Dispose()).Message;

    private IImageDataset Open(string split = "train", FrameSpacing frames = FrameSpacing.Even) =>
        DatasetCatalog.Open(new() { Name = "image-sequences", Split = split, DataPath = _folder.Root, FrameSize = Side, Frames = frames });
}
