using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Tests.Datasets;

/// <summary>Data set files with random damage: each opens and reads, or is refused by name.</summary>
public sealed class DatasetMutationTests : IDisposable
{
    private const int Rounds = 500;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mutated_files_open_or_are_refused()
    {
        var idx = IdxDatasetTests.Idx([4, 3, 5], [.. Enumerable.Range(0, 60).Select(i => (byte)i)]);
        var labels = IdxDatasetTests.Idx([4], [0, 1, 2, 3]);
        (string Name, string File, byte[] Content)[] seeds =
        [
            ("idx", "train-images-idx3-ubyte", idx),
            ("idx", "train-images-idx3-ubyte", IdxDatasetTests.Gzip(idx)),
            ("idx", "train-labels-idx1-ubyte", labels),
            ("cifar10", "data_batch_1.bin", new byte[2 * 3073]),
        ];
        var random = new Random(7);
        var (opened, refused) = (0, 0);
        var image = new PixelBuffer();
        for (var batch = 1; batch <= 5; batch++)
            _folder.Write($"data_batch_{batch}.bin", new byte[3073]);
        foreach (var seed in seeds)
        {
            _folder.Write("train-images-idx3-ubyte", idx);
            _folder.Write("train-labels-idx1-ubyte", labels);
            for (var round = 0; round < Rounds; round++)
            {
                _folder.Write(seed.File, Mutate(seed.Content, random));
                try
                {
                    using var set = DatasetCatalog.Open(new DatasetRequest { Name = seed.Name, DataPath = _folder.Root });
                    for (var i = 0; i < set.Count; i++)
                    {
                        set.Read(i, image);
                        Assert.InRange(set.Label(i), 0, set.ClassNames.Count - 1);
                    }

                    opened++;
                }
                catch (DatasetException e)
                {
                    Assert.StartsWith(_folder.Root, e.Path, StringComparison.Ordinal);
                    refused++;
                }
            }
        }

        Assert.True(opened > Rounds / 10 && refused > Rounds / 10, $"{opened} opened, {refused} refused");
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        var file = content.ToArray();
        for (var edits = random.Next(1, 4); edits > 0; edits--)
            file[random.Next(random.Next(2) == 0 ? Math.Min(24, file.Length) : file.Length)] = (byte)random.Next(256);
        return random.Next(4) == 0 ? file[..random.Next(file.Length)] : file;
    }
}
