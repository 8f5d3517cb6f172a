namespace OrleansContrastive.Data.Datasets;

/// <summary>STL-10 in its binary version: 3 x 96 x 96 pixels per record, columns first; labels 1 to 10 in their own file.</summary>
internal static class StlFiles
{
    public const string Folder = "stl10_binary";
    public const string Mark = "train_X.bin";
    public const string Unlabelled = "unlabeled";
    public const string TrainAndUnlabelled = "train+unlabeled";

    private static readonly RecordLayout Layout = new(96, 0, PlaneOrder.Columns);

    private static readonly string[] Classes =
        ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];

    /// <param name="name">The catalogue's name.</param>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="split">train, test, unlabeled or train+unlabeled.</param>
    /// <exception cref="DatasetException">A file is missing or malformed.</exception>
    public static IImageDataset Open(string name, string folder, string split)
    {
        var files = new List<ByteSource>();
        try
        {
            var labels = new List<short>();
            foreach (var part in split.Split('+'))
            {
                var file = ByteSource.Open(Path.Combine(folder, $"{part}_X.bin"));
                files.Add(file);
                var records = RecordDataset.Records(file, Layout);
                if (part == Unlabelled)
                    labels.AddRange(Enumerable.Repeat((short)-1, records));
                else
                    ReadLabels(Path.Combine(folder, $"{part}_y.bin"), records, labels);
            }

            var labelled = labels.Exists(label => label >= 0);
            return new RecordDataset(name, Layout, [.. files], [.. labels], labelled ? Classes : []);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static void ReadLabels(string path, int records, List<short> labels)
    {
        using var file = ByteSource.Open(path);
        if (file.Length != records)
            throw new DatasetException(file.Path, 0, $"{records} labels, one byte per image", $"{file.Length} bytes");
        var values = new byte[records];
        file.Read(0, values);
        for (var i = 0; i < records; i++)
        {
            if (values[i] is < 1 or > 10)
                throw new DatasetException(file.Path, i, "a label from 1 to 10", $"{values[i]}", index: labels.Count);
            labels.Add((short)(values[i] - 1));
        }
    }
}
