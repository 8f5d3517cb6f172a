using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class RecordDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cifar10_images_and_labels_come_back_over_all_batches()
    {
        WriteCifar10();

        using var set = Open("cifar10", "train");

        Assert.Equal((10, 3, 32, 32), (set.Count, set.Channels, set.Width, set.Height));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], Enumerable.Range(0, 10).Select(set.Label));
        Assert.Equal("airplane", set.ClassNames[0]);
        var image = new PixelBuffer();
        set.Read(7, image);
        AssertPixels(image, (x, y, c) => Value(7, x, y, c));
    }

    [Fact]
    public void Cifar100_takes_the_fine_label_and_the_names_beside_the_data()
    {
        var records = Enumerable.Range(0, 3).SelectMany(i => (byte[])[5, (byte)(97 + i), .. Planes(32, i)]);
        _folder.Write("cifar-100-binary/test.bin", [.. records]);
        _folder.Write("cifar-100-binary/train.bin", new byte[2 + 3072]);
        _folder.Write(
            "cifar-100-binary/fine_label_names.txt", [.. string.Join('\n', Enumerable.Range(0, 100).Select(i => $"class {i}")).Select(c => (byte)c)]);

        using var set = Open("cifar100", "test");

        Assert.Equal([97, 98, 99], Enumerable.Range(0, 3).Select(set.Label));
        Assert.Equal("class 97", set.ClassNames[97]);
    }

    [Fact]
    public void Stl10_columns_become_rows_and_labels_begin_at_zero()
    {
        WriteStl10();

        using var set = Open("stl10", "train");

        Assert.Equal((2, 96, 96, true), (set.Count, set.Width, set.Height, set.HasLabels));
        Assert.Equal([0, 9], [set.Label(0), set.Label(1)]);
        var image = new PixelBuffer();
        set.Read(1, image);
        AssertPixels(image, (x, y, c) => Value(1, y, x, c));
    }

    [Fact]
    public void Stl10_unlabelled_images_have_no_label_alone_or_behind_the_training_images()
    {
        WriteStl10();

        using var alone = Open("stl10", "unlabeled");
        using var both = Open("stl10", "train+unlabeled");

        Assert.Equal((3, false, -1), (alone.Count, alone.HasLabels, alone.Label(2)));
        Assert.Empty(alone.ClassNames);
        Assert.Equal((5, false, 9, -1), (both.Count, both.HasLabels, both.Label(1), both.Label(2)));
        var (image, same) = (new PixelBuffer(), new PixelBuffer());
        alone.Read(1, image);
        both.Read(3, same);
        Assert.True(image.Pixels.SequenceEqual(same.Pixels));
        Assert.NotEqual(alone.Fingerprint, both.Fingerprint);
    }

    [Fact]
    public void A_cut_file_is_named_with_the_offset_of_the_broken_record()
    {
        WriteCifar10();
        _folder.Write("data_batch_3.bin", new byte[3073 + 3000]);

        var error = Assert.Throws<DatasetException>(() => Open("cifar10", "train").Dispose());

        Assert.Equal((_folder.File("data_batch_3.bin"), 3073L), (error.Path, error.Offset!.Value));
    }

    [Fact]
    public void A_label_out_of_range_is_named_with_its_offset()
    {
        WriteCifar10();
        _folder.Write("data_batch_2.bin", [.. Cifar10Record(2), .. Cifar10Record(10)]);

        var error = Assert.Throws<DatasetException>(() => Open("cifar10", "train").Dispose());

        Assert.Equal((_folder.File("data_batch_2.bin"), 3073L, 3), (error.Path, error.Offset!.Value, error.Index!.Value));
        Assert.Equal("10", error.Found);
    }

    [Theory]
    [InlineData(new byte[] { 1 }, 0L)]
    [InlineData(new byte[] { 1, 0 }, 1L)]
    [InlineData(new byte[] { 11, 1 }, 0L)]
    public void Stl10_labels_that_do_not_fit_are_named(byte[] labels, long offset)
    {
        WriteStl10();
        _folder.Write("stl10_binary/train_y.bin", labels);

        var error = Assert.Throws<DatasetException>(() => Open("stl10", "train").Dispose());

        Assert.EndsWith("train_y.bin", error.Path, StringComparison.Ordinal);
        Assert.Equal(offset, error.Offset);
    }

    [Fact]
    public void A_missing_batch_is_named()
    {
        WriteCifar10();
        File.Delete(_folder.File("data_batch_5.bin"));

        var error = Assert.Throws<DatasetException>(() => Open("cifar10", "train").Dispose());

        Assert.Equal(_folder.File("data_batch_5.bin"), error.Path);
    }

    private static byte Value(int image, int x, int y, int channel) =>
        (byte)(image * 31 + x * 3 + y * 7 + channel * 50);

    private static byte[] Planes(int size, int image)
    {
        var planes = new byte[3 * size * size];
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < size; y++)
                for (var x = 0; x < size; x++)
                    planes[(c * size + y) * size + x] = Value(image, x, y, c);
        return planes;
    }

    private static byte[] Cifar10Record(int image) => [(byte)image, .. Planes(32, image)];

    private static void AssertPixels(PixelBuffer image, Func<int, int, int, byte> expected)
    {
        for (var y = 0; y < image.Height; y++)
            for (var x = 0; x < image.Width; x++)
                for (var c = 0; c < 3; c++)
                    Assert.Equal(expected(x, y, c), image.Pixels[(y * image.Width + x) * 3 + c]);
    }

    private void WriteCifar10()
    {
        for (var batch = 1; batch <= 5; batch++)
            _folder.Write($"data_batch_{batch}.bin", [.. Cifar10Record(2 * batch - 2), .. Cifar10Record(2 * batch - 1)]);
    }

    // In the files x runs slowest, so Planes' x and y change places when they are read.
    private void WriteStl10()
    {
        _folder.Write("stl10_binary/train_X.bin", [.. Planes(96, 0), .. Planes(96, 1)]);
        _folder.Write("stl10_binary/train_y.bin", [1, 10]);
        _folder.Write("stl10_binary/unlabeled_X.bin", [.. Planes(96, 2), .. Planes(96, 3), .. Planes(96, 4)]);
    }

    private IImageDataset Open(string name, string split) =>
        DatasetCatalog.Open(new DatasetRequest { Name = name, Split = split, DataPath = _folder.Root });
}
