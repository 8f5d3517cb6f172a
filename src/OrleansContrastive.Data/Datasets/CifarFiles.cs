namespace OrleansContrastive.Data.Datasets;

/// <summary>CIFAR-10 and CIFAR-100 in their binary version: labels, then 3 x 32 x 32 pixels, per record.</summary>
internal static class CifarFiles
{
    public const string Folder10 = "cifar-10-batches-bin";
    public const string Folder100 = "cifar-100-binary";

    /// <summary>A file that is there in every copy, raw or gzip.</summary>
    public const string Mark10 = "data_batch_1.bin";

    /// <summary>The file of names that distinguishes CIFAR-100's folder; its <c>train.bin</c> alone is too common a name.</summary>
    public const string Mark100 = "train.bin";

    private static readonly string[] Classes10 =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <exception cref="DatasetException">A file is missing or malformed.</exception>
    public static IImageDataset Open10(string name, string folder, bool test)
    {
        string[] files = test
            ? ["test_batch.bin"]
            : [.. Enumerable.Range(1, 5).Select(batch => $"data_batch_{batch}.bin")];
        var classNames = ClassNames(Path.Combine(folder, "batches.meta.txt"), 10) ?? Classes10;
        return Open(name, folder, files, labelBytes: 1, classNames);
    }

    /// <summary>CIFAR-100 with its 100 fine classes.</summary>
    /// <exception cref="DatasetException">A file is missing or malformed.</exception>
    public static IImageDataset Open100(string name, string folder, bool test)
    {
        var classNames = ClassNames(Path.Combine(folder, "fine_label_names.txt"), 100)
            ?? [.. Enumerable.Range(0, 100).Select(label => $"{label}")];
        return Open(name, folder, [test ? "test.bin" : "train.bin"], labelBytes: 2, classNames);
    }

    private static RecordDataset Open(
        string name, string folder, string[] fileNames, int labelBytes, IReadOnlyList<string> classNames)
    {
        var layout = new RecordLayout(32, labelBytes, PlaneOrder.Rows);
        var files = new List<ByteSource>();
        try
        {
            var labels = new List<short>();
            foreach (var fileName in fileNames)
            {
                var file = ByteSource.Open(Path.Combine(folder, fileName));
                files.Add(file);
                ReadLabels(file, layout, classNames.Count, labels);
            }

            return new RecordDataset(name, layout, [.. files], [.. labels], classNames);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static void ReadLabels(ByteSource file, RecordLayout layout, int classes, List<short> labels)
    {
        Span<byte> header = stackalloc byte[layout.HeaderLength];
        var records = RecordDataset.Records(file, layout);
        for (var record = 0; record < records; record++)
        {
            // The last byte is the finest label; CIFAR-100's coarse one comes before it.
            var offset = (long)record * layout.Length;
            file.Read(offset, header);
            if (header[^1] >= classes)
            {
                throw new DatasetException(
                    file.Path, offset + header.Length - 1, $"a label below {classes}", $"{header[^1]}", index: labels.Count);
            }

            labels.Add(header[^1]);
        }
    }

    // The names lie beside the data, one a line; a copy without them is as good.
    private static string[]? ClassNames(string path, int count)
    {
        if (!File.Exists(path))
            return null;
        string[] names = [.. File.ReadLines(path).Take(count + 16).Select(line => line.Trim()).Where(line => line.Length > 0)];
        if (names.Length != count)
            throw new DatasetException(path, null, $"{count} class names, one a line", $"{names.Length}");
        return names;
    }
}
