using System.Buffers.Binary;
using System.IO.Compression;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class IdxDatasetTests : IDisposable
{
    private const string TrainImages = "train-images-idx3-ubyte";
    private const string TrainLabels = "train-labels-idx1-ubyte";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Images_and_labels_come_back_as_written(bool gzip)
    {
        Write(TrainImages, Idx([3, 2, 4], [.. Enumerable.Range(0, 24).Select(i => (byte)(i * 10))]), gzip);
        Write(TrainLabels, Idx([3], [7, 0, 9]), gzip);

        using var set = Open();

        Assert.Equal((3, 1, 4, 2), (set.Count, set.Channels, set.Width, set.Height));
        Assert.Equal([7, 0, 9], Enumerable.Range(0, 3).Select(set.Label));
        var image = new PixelBuffer();
        set.Read(2, image);
        Assert.Equal((4, 2, 1), (image.Width, image.Height, image.Channels));
        Assert.Equal([160, 170, 180, 190, 200, 210, 220, 230], image.Pixels.ToArray());
        set.Read(0, image);
        Assert.Equal([0, 10, 20, 30, 40, 50, 60, 70], image.Pixels.ToArray());
    }

    [Fact]
    public void The_fingerprint_depends_on_content_and_not_on_compression_or_place()
    {
        Write(TrainImages, Idx([2, 1, 1], [1, 2]), gzip: false);
        Write(TrainLabels, Idx([2], [0, 1]), gzip: true);
        using var raw = Open();
        using var other = new TemporaryFolder();
        other.Write(TrainImages + ".gz", Gzip(Idx([2, 1, 1], [1, 2])));
        other.Write(TrainLabels, Idx([2], [0, 1]));
        using var packed = Open(other.Root);
        Assert.Equal(raw.Fingerprint, packed.Fingerprint);
        Assert.Matches("^sha256:[0-9a-f]{64}$", raw.Fingerprint);

        using var third = new TemporaryFolder();
        third.Write(TrainImages, Idx([2, 1, 1], [1, 2]));
        third.Write(TrainLabels, Idx([2], [1, 1]));
        using var relabelled = Open(third.Root);
        Assert.NotEqual(raw.Fingerprint, relabelled.Fingerprint);
    }

    public static TheoryData<string, byte[], byte[], long?> Malformed => new()
    {
        { "magic", [9, 0, 8, 3, .. Idx([1, 1, 1], [0])[4..]], Idx([1], [0]), 0 },
        { "element type", [0, 0, 0x0d, 3, .. Idx([1, 1, 1], [0])[4..]], Idx([1], [0]), 2 },
        { "labels for images", Idx([1], [0]), Idx([1], [0]), 3 },
        { "images for labels", Idx([1, 1, 1], [0]), Idx([1, 1, 1], [0]), 3 },
        { "header cut", Idx([1, 1, 1], [0])[..9], Idx([1], [0]), 8 },
        { "zero dimension", Idx([1, 0, 1], []), Idx([1], [0]), 8 },
        { "huge dimensions", Idx([int.MaxValue, int.MaxValue, int.MaxValue], [0]), Idx([1], [0]), 8 },
        { "pixels cut", Idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7]), Idx([2], [0, 0]), 16 },
        { "pixels too many", Idx([1, 1, 1], [1, 2]), Idx([1], [0]), 16 },
        { "five channels", Idx([1, 1, 1, 5], [1, 2, 3, 4, 5]), Idx([1], [0]), 16 },
        { "other count", Idx([2, 1, 1], [1, 2]), Idx([3], [0, 1, 2]), 4 },
        { "label out of range", Idx([2, 1, 1], [1, 2]), Idx([2], [0, 10]), 9 },
        { "empty", [], Idx([1], [0]), 0 },
        { "gzip header only", [0x1f, 0x8b], Idx([1], [0]), 0 },
        { "gzip of nothing known", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff], Idx([1], [0]), null },
        { "gzip cut", Gzip(Idx([1, 100, 100], new byte[10_000]))[..20], Idx([1], [0]), -1 },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_file_is_named_with_offset_expected_and_found(
        string what, byte[] images, byte[] labels, long? offset)
    {
        _folder.Write(TrainImages, images);
        _folder.Write(TrainLabels, labels);

        var error = Assert.Throws<DatasetException>(() => Open().Dispose());

        Assert.StartsWith(_folder.Root, error.Path, StringComparison.Ordinal);
        Assert.True(error.Expected.Length > 0 && error.Found.Length > 0, what);
        Assert.Contains(error.Expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Found, error.Message, StringComparison.Ordinal);
        // -1: where a cut gzip stream ends is the unpacker's affair.
        if (offset != -1)
            Assert.Equal(offset, error.Offset);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        Write(TrainImages, Idx([1, 1, 1], [0]), gzip: false);

        var error = Assert.Throws<DatasetException>(() => Open().Dispose());

        Assert.Equal(_folder.File(TrainLabels), error.Path);
    }

    [Fact]
    public void An_index_out_of_range_is_refused()
    {
        Write(TrainImages, Idx([2, 1, 1], [1, 2]), gzip: false);
        Write(TrainLabels, Idx([2], [0, 1]), gzip: false);
        using var set = Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => set.Read(2, new PixelBuffer()));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Label(-1));
    }

    [Fact]
    public void Reading_after_dispose_is_an_error_and_not_a_crash()
    {
        Write(TrainImages, Idx([2, 1, 1], [1, 2]), gzip: false);
        Write(TrainLabels, Idx([2], [0, 1]), gzip: false);
        var set = Open();
        set.Dispose();

        Assert.Throws<ObjectDisposedException>(() => set.Read(0, new PixelBuffer()));
    }

    internal static byte[] Idx(int[] dimensions, byte[] elements)
    {
        var header = new byte[4 + 4 * dimensions.Length];
        (header[2], header[3]) = (8, (byte)dimensions.Length);
        for (var d = 0; d < dimensions.Length; d++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * d), dimensions[d]);
        return [.. header, .. elements];
    }

    internal static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    private void Write(string name, byte[] content, bool gzip) =>
        _folder.Write(gzip ? name + ".gz" : name, gzip ? Gzip(content) : content);

    private IImageDataset Open(string? folder = null) =>
        DatasetCatalog.Open(new DatasetRequest { Name = "fashion-mnist", DataPath = folder ?? _folder.Root });
}
