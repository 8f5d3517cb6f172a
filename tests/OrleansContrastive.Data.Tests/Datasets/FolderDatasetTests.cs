using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;
using OrleansContrastive.Data.Tests.Decoding;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class FolderDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_flat_folder_has_its_images_in_ordinal_order_and_no_labels()
    {
        Copy("rgb.png", "b.PNG");
        Copy("420.jpg", "a.jpeg");
        Copy("lossless.webp", "B.webp");
        _folder.Write("notes.txt", [1, 2, 3]);
        _folder.Write(".hidden.png", [1, 2, 3]);

        using var set = Open();

        Assert.Equal((3, 3, 0, 0, false), (set.Count, set.Channels, set.Width, set.Height, set.HasLabels));
        Assert.Equal(-1, set.Label(2));
        Assert.Empty(set.ClassNames);
        // Ordinal order: upper case first.
        Assert.Equal(Fixtures.Bytes("lossless.webp.rgb"), Read(set, 0).Pixels.ToArray());
        Assert.Equal(Fixtures.Bytes("rgb.png.rgb"), Read(set, 2).Pixels.ToArray());
    }

    [Fact]
    public void Class_folders_give_labels_in_ordinal_order_and_are_searched_in_depth()
    {
        Copy("rgb24.bmp", "train/dog/x.bmp");
        Copy("rgb.png", "train/cat/deep/er/y.png");
        Copy("grey.png", "train/cat-b/z.png");
        Copy("rgb.png", "val/dog/v.png");

        using var train = Open();
        using var test = Open("test");

        Assert.Equal(["cat", "cat-b", "dog"], train.ClassNames);
        // The whole path is sorted, and '-' comes before '/'.
        Assert.Equal([1, 0, 2], Enumerable.Range(0, 3).Select(train.Label));
        Assert.True(train.HasLabels);
        Assert.Equal(train.ClassNames, test.ClassNames);
        Assert.Equal((1, 2), (test.Count, test.Label(0)));
        Assert.NotEqual(train.Fingerprint, test.Fingerprint);
    }

    [Fact]
    public void A_broken_image_is_named_and_the_others_can_still_be_read()
    {
        Copy("rgb.png", "a.png");
        _folder.Write("b.jpg", Fixtures.Bytes("420.jpg")[..200]);
        Copy("420.jpg", "c.jpg");
        using var set = Open();

        var error = Assert.Throws<DatasetException>(() => Read(set, 1));

        Assert.Equal((_folder.File("b.jpg"), 1), (error.Path, error.Index!.Value));
        Assert.Equal(ImageFault.Malformed, Assert.IsType<ImageDecodingException>(error.InnerException).Fault);
        Assert.Equal(error.InnerException.Message, error.Found);
        Assert.Equal(37, Read(set, 0).Width);
        Assert.Equal(37, Read(set, 2).Width);
    }

    [Fact]
    public void A_file_that_is_gone_or_empty_is_named()
    {
        Copy("rgb.png", "a.png");
        _folder.Write("b.png", []);
        using var set = Open();
        File.Delete(_folder.File("a.png"));

        Assert.Equal(_folder.File("a.png"), Assert.Throws<DatasetException>(() => Read(set, 0)).Path);
        Assert.Equal(_folder.File("b.png"), Assert.Throws<DatasetException>(() => Read(set, 1)).Path);
    }

    [Fact]
    public void The_request_chooses_grey_and_a_smaller_scale()
    {
        Copy("large.jpg", "a.jpg");

        using var set = DatasetCatalog.Open(
            new DatasetRequest { Name = "folder", DataPath = _folder.Root, Channels = 1, MinimumSize = 300 });

        var image = Read(set, 0);
        Assert.Equal((331, 250, 1), (image.Width, image.Height, image.Channels));
    }

    [Fact]
    public void The_fingerprint_depends_on_names_and_content_and_not_on_the_place()
    {
        using var other = new TemporaryFolder();
        Copy("rgb.png", "a/x.png");
        other.Write("a/x.png", Fixtures.Bytes("rgb.png"));
        string Mine()
        {
            using var set = Open();
            return set.Fingerprint;
        }

        string Other()
        {
            using var set = DatasetCatalog.Open(new DatasetRequest { Name = "folder", DataPath = other.Root });
            return set.Fingerprint;
        }

        Assert.Equal(Mine(), Other());
        var content = Fixtures.Bytes("rgb.png");
        content[^1] ^= 1;
        other.Write("a/x.png", content);
        Assert.NotEqual(Mine(), Other());
        File.Move(_folder.File("a/x.png"), _folder.File("a/y.png"));
        other.Write("a/x.png", Fixtures.Bytes("rgb.png"));
        Assert.NotEqual(Mine(), Other());
    }

    [Fact]
    public void Folders_that_are_no_image_folders_are_refused_with_the_reason()
    {
        Assert.Contains("neither", Refusal(), StringComparison.Ordinal);
        _folder.Write("cat/readme.txt", [1]);
        Assert.Contains("cat: expected images in each class folder, found none", Refusal(), StringComparison.Ordinal);
        Copy("rgb.png", "cat/a.png");
        Copy("rgb.png", "beside.png");
        Assert.Contains("found both: beside.png beside the folder cat", Refusal(), StringComparison.Ordinal);
        Assert.Contains("test or val or valid or validation", Refusal("test"), StringComparison.Ordinal);
        Copy("rgb.png", "train/cat/a.png");
        Copy("rgb.png", "test/cow/a.png");
        Assert.Contains("found the folder cow", Refusal("test"), StringComparison.Ordinal);
        var nowhere = Path.Combine(_folder.Root, "nowhere");
        var missing = Assert.Throws<DatasetException>(
            () => DatasetCatalog.Open(new DatasetRequest { Name = "folder", DataPath = nowhere }).Dispose());
        Assert.Equal(nowhere, missing.Path);
    }

    private static PixelBuffer Read(IImageDataset set, int index)
    {
        var image = new PixelBuffer();
        set.Read(index, image);
        return image;
    }

    private void Copy(string fixture, string name) => _folder.Write(name, Fixtures.Bytes(fixture));

    private string Refusal(string split = "train") =>
        Assert.Throws<DatasetException>(() => Open(split).Dispose()).Message;

    private IImageDataset Open(string split = "train") =>
        DatasetCatalog.Open(new DatasetRequest { Name = "folder", Split = split, DataPath = _folder.Root });
}
