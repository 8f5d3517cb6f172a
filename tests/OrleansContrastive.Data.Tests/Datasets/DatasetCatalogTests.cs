using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Tests.Decoding;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class DatasetCatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_are_in_ordinal_order()
    {
        Assert.Equal(DatasetCatalog.Names.Order(StringComparer.Ordinal), DatasetCatalog.Names);
        Assert.Contains("fashion-mnist", DatasetCatalog.Names);
    }

    [Fact]
    public void An_unknown_name_gets_the_known_ones_and_the_nearest()
    {
        var error = Assert.Throws<ArgumentException>(
            () => DatasetCatalog.Open(new DatasetRequest { Name = "fasion-mnist" }).Dispose());

        Assert.Contains("did you mean \"fashion-mnist\"?", error.Message, StringComparison.Ordinal);
        Assert.Contains("cifar10, cifar100, fashion-mnist", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trian", "did you mean \"train\"?")]
    [InlineData("unlabeled", "Known: train, test.")]
    [InlineData("train[5:5]", "not empty, found 5:5")]
    [InlineData("train[:999]", "within 0:20")]
    [InlineData("train[1:2", "train[:50000]")]
    public void A_split_that_is_not_there_is_explained(string split, string explanation)
    {
        var error = Assert.Throws<ArgumentException>(() => Synthetic(split).Dispose());

        Assert.Contains(explanation, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranges_and_limits_select_positions()
    {
        using var whole = Synthetic("train");
        using var head = Synthetic("train[:15]");
        using var tail = Synthetic("train[15:]");
        using var spread = Synthetic("train[2:12]", limit: 4);
        using var all = Synthetic("train", limit: 1000);

        Assert.Equal((20, 15, 5, 4, 20), (whole.Count, head.Count, tail.Count, spread.Count, all.Count));
        AssertSame(whole, 14, head, 14);
        AssertSame(whole, 15, tail, 0);
        AssertSame(whole, 2, spread, 0);
        AssertSame(whole, 4, spread, 1);
        AssertSame(whole, 9, spread, 3);
        Assert.Equal(whole.Fingerprint, all.Fingerprint);
        var fingerprints = new[] { whole, head, tail, spread }.Select(set => set.Fingerprint);
        Assert.Equal(4, fingerprints.Distinct().Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => head.Label(15));
        Assert.Throws<ArgumentException>(() => Synthetic("train", limit: 0).Dispose());
    }

    [Fact]
    public void What_lies_in_a_folder_is_recognised()
    {
        _folder.Write("idx/train-images-idx3-ubyte", IdxDatasetTests.Idx([1, 1, 1], [5]));
        _folder.Write("idx/train-labels-idx1-ubyte", IdxDatasetTests.Idx([1], [3]));
        for (var batch = 1; batch <= 5; batch++)
            _folder.Write($"cifar/cifar-10-batches-bin/data_batch_{batch}.bin", new byte[3073]);
        _folder.Write("pictures/a.png", Fixtures.Bytes("rgb.png"));

        Assert.Equal(("idx", 4), Recognise("idx"));
        Assert.Equal(("cifar10", 10), Recognise("cifar"));
        Assert.Equal(("folder", 0), Recognise("pictures"));
        Assert.Throws<DatasetException>(() => Recognise("nothing"));

        (string Name, int Classes) Recognise(string name)
        {
            using var set = DatasetCatalog.Open(new DatasetRequest { Name = DatasetCatalog.Auto, DataPath = _folder.File(name) });
            return (set.Name, set.ClassNames.Count);
        }
    }

    [Fact]
    public void The_description_covers_every_name_and_tells_what_can_be_fetched()
    {
        var described = DatasetCatalog.Describe();

        Assert.Equal(DatasetCatalog.Names, described.Select(set => set.Name));
        Assert.Equal(DatasetFetcher.Names, described.Where(set => set.CanFetch).Select(set => set.Name));
        Assert.True(described.Single(set => set.Name == "synthetic").IsPresent);
        Assert.Equal((60_000, 10_000), described
            .Where(set => set.Name == "fashion-mnist").Select(set => (set.TrainCount!.Value, set.TestCount!.Value)).Single());
    }

    [Fact]
    public void A_folder_format_without_a_path_says_so()
    {
        var error = Assert.Throws<ArgumentException>(
            () => DatasetCatalog.Open(new DatasetRequest { Name = "folder" }).Dispose());

        Assert.Contains("needs the path", error.Message, StringComparison.Ordinal);
    }

    private static IImageDataset Synthetic(string split, int? limit = null) =>
        DatasetCatalog.Open(new DatasetRequest
        {
            Name = "synthetic",
            Split = split,
            Limit = limit,
            Synthetic = new SyntheticOptions { TrainCount = 20, TestCount = 5, Size = 8 },
        });

    private static void AssertSame(IImageDataset a, int i, IImageDataset b, int j)
    {
        var (first, second) = (new PixelBuffer(), new PixelBuffer());
        a.Read(i, first);
        b.Read(j, second);
        Assert.True(first.Pixels.SequenceEqual(second.Pixels));
        Assert.Equal(a.Label(i), b.Label(j));
    }
}
