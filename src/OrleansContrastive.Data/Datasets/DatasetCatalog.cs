namespace OrleansContrastive.Data.Datasets;

/// <summary>The data sets that are known by name.</summary>
public static class DatasetCatalog
{
    private static readonly string[] FashionClasses =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>All names, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = ["fashion-mnist", "mnist", "synthetic"];

    /// <summary>Opens a data set; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">An unknown name or split, with the known ones.</exception>
    /// <exception cref="DatasetException">Files that are missing or malformed.</exception>
    public static IImageDataset Open(DatasetRequest request)
    {
        var test = request.Split switch
        {
            "train" => false,
            "test" => true,
            _ => throw new ArgumentException(NearestName.Explain("split", request.Split, ["train", "test"])),
        };
        return request.Name switch
        {
            "synthetic" => new SyntheticDataset(request.Name, request.Synthetic, test),
            "fashion-mnist" => OpenIdx(request, test, FashionClasses),
            "mnist" => OpenIdx(request, test, Digits),
            _ => throw new ArgumentException(NearestName.Explain("data set", request.Name, [.. Names])),
        };
    }

    private static IdxDataset OpenIdx(DatasetRequest request, bool test, IReadOnlyList<string> classNames)
    {
        var folder = request.DataPath ?? DatasetCache.Folder(request.Name);
        var prefix = test ? "t10k" : "train";
        return IdxDataset.Open(
            request.Name,
            Path.Combine(folder, $"{prefix}-images-idx3-ubyte"),
            Path.Combine(folder, $"{prefix}-labels-idx1-ubyte"),
            classNames);
    }
}
