using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Data.Datasets;

/// <summary>The data sets that are known by name.</summary>
public static class DatasetCatalog
{
    /// <summary>The name that stands for whatever format lies at <see cref="DatasetRequest.DataPath"/>.</summary>
    public const string Auto = "auto";

    private static readonly string[] FashionClasses =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private const string IdxMark = "train-images-idx3-ubyte";

    // In ordinal order. "auto" asks them in this order, so the folder of images, which fits any folder, is asked last.
    private static readonly CatalogEntry[] Entries =
    [
        new()
        {
            Name = "cifar10",
            Summary = "CIFAR-10, binary version: 32 x 32 colour, 10 classes",
            TrainCount = 50_000,
            TestCount = 10_000,
            Mark = CifarFiles.Mark10,
            Subfolders = [CifarFiles.Folder10],
            Home = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            Open = (request, split, folder) => CifarFiles.Open10(request.Name, folder, split == "test"),
        },
        new()
        {
            Name = "cifar100",
            Summary = "CIFAR-100, binary version: 32 x 32 colour, 100 fine classes",
            TrainCount = 50_000,
            TestCount = 10_000,
            Mark = CifarFiles.Mark100,
            Subfolders = [CifarFiles.Folder100],
            Home = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
            Open = (request, split, folder) => CifarFiles.Open100(request.Name, folder, split == "test"),
        },
        new()
        {
            Name = "fashion-mnist",
            Summary = "Fashion-MNIST: 28 x 28 grey, 10 kinds of clothing",
            TrainCount = 60_000,
            TestCount = 10_000,
            Mark = IdxMark,
            Subfolders = ["raw", "FashionMNIST/raw"],
            Open = (request, split, folder) => OpenIdx(request, split, folder, FashionClasses),
        },
        new()
        {
            Name = "folder",
            Summary = "A folder of JPEG, PNG, BMP or WebP files, flat or one folder per class",
            IsCached = false,
            Open = OpenFolder,
        },
        new()
        {
            Name = "idx",
            Summary = "Any IDX files named as MNIST's; classes are numbered",
            Mark = IdxMark,
            IsCached = false,
            Open = (request, split, folder) => OpenIdx(request, split, folder, classNames: null),
        },
        new()
        {
            Name = "image-sequences",
            Summary = "Folders of frames, four of which make an image",
            IsCached = false,
            Open = OpenSequences,
        },
        new()
        {
            Name = "mnist",
            Summary = "MNIST: 28 x 28 grey, 10 handwritten digits",
            TrainCount = 60_000,
            TestCount = 10_000,
            Mark = IdxMark,
            Subfolders = ["raw", "MNIST/raw"],
            Open = (request, split, folder) => OpenIdx(request, split, folder, Digits),
        },
        new()
        {
            Name = "stl10",
            Summary = "STL-10, binary version: 96 x 96 colour, 10 classes and 100,000 unlabelled images",
            TrainCount = 5_000,
            TestCount = 8_000,
            Splits = ["train", "test", StlFiles.Unlabelled, StlFiles.TrainAndUnlabelled],
            Mark = StlFiles.Mark,
            Subfolders = [StlFiles.Folder],
            Home = "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
            Open = (request, split, folder) => StlFiles.Open(request.Name, folder, split),
        },
        new()
        {
            Name = "synthetic",
            Summary = "Striped patterns made from a seed; nothing to fetch",
            TrainCount = new SyntheticOptions().TrainCount,
            TestCount = new SyntheticOptions().TestCount,
            HasFiles = false,
            IsCached = false,
            Open = (request, split, _) => new SyntheticDataset(request.Name, request.Synthetic, split == "test"),
        },
        new()
        {
            Name = "synthetic-glyphs",
            Summary = "Glyphs on clutter, coloured by their form",
            TrainCount = new SyntheticOptions().TrainCount,
            TestCount = new SyntheticOptions().TestCount,
            HasFiles = false,
            IsCached = false,
            Open = (request, split, _) => new SyntheticGlyphs(request.Name, request.Synthetic, split == "test"),
        },
        new()
        {
            Name = "synthetic-sequences",
            Summary = "Blobs that move, four frames in an image",
            TrainCount = new SyntheticOptions().TrainCount,
            TestCount = new SyntheticOptions().TestCount,
            HasFiles = false,
            IsCached = false,
            Open = (request, split, _) => new SyntheticSequences(request.Name, request.Synthetic, split == "test"),
        },
        new()
        {
            Name = "synthetic-signals",
            Summary = "Waves of 1,024 samples, row by row",
            TrainCount = new SyntheticOptions().TrainCount,
            TestCount = new SyntheticOptions().TestCount,
            HasFiles = false,
            IsCached = false,
            Open = (request, split, _) => new SyntheticSignals(request.Name, request.Synthetic, split == "test"),
        },
    ];

    /// <summary>All names, in ordinal order; <see cref="Auto"/> is not among them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>Opens a data set; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">An unknown name, split or range, or a limit or option out of range; the message
    /// says what is known.</exception>
    /// <exception cref="DatasetException">Files that are missing or malformed.</exception>
    public static IImageDataset Open(DatasetRequest request)
    {
        var entry = request.Name == Auto ? Recognise(request) : Find(request.Name);
        request = request with { Name = entry.Name };
        if (request.Limit is < 1)
            throw new ArgumentException($"Limit: expected at least 1 image, found {request.Limit}.");
        var split = DatasetSplit.Parse(request.Split);
        if (!entry.Splits.Contains(split.Name))
            throw new ArgumentException(NearestName.Explain($"split of {entry.Name}", split.Name, entry.Splits));

        var whole = entry.Open(request, split.Name, entry.HasFiles ? Locate(entry, request) : "");
        try
        {
            var (start, length) = split.Within(whole.Count);
            var count = Math.Min(length, request.Limit ?? length);
            return count == whole.Count ? whole : new SubsetDataset(whole, start, length, count);
        }
        catch
        {
            whole.Dispose();
            throw;
        }
    }

    /// <summary>What there is, and what of it lies in the cache now.</summary>
    public static IReadOnlyList<DatasetDescription> Describe() =>
        [.. Entries.Select(entry =>
        {
            var folder = entry.IsCached ? DatasetCache.Folder(entry.Name) : null;
            var present = !entry.HasFiles || folder is not null && entry.Locate(folder) is not null;
            return new DatasetDescription(
                entry.Name,
                entry.Summary,
                entry.TrainCount,
                entry.TestCount,
                DatasetFetcher.Names.Contains(entry.Name),
                folder,
                present,
                folder is null ? 0 : SizeOf(folder));
        })];

    private static CatalogEntry Find(string name) =>
        Array.Find(Entries, entry => entry.Name == name)
            ?? throw new ArgumentException(NearestName.Explain("data set", name, [.. Names]));

    private static CatalogEntry Recognise(DatasetRequest request)
    {
        var path = request.DataPath
            ?? throw new ArgumentException($"Data set \"{Auto}\" needs a path to look at, found none.");
        // IDX files of the same names may be any set, so they open under the general name.
        string[] order = ["cifar10", "idx", "stl10", "cifar100", "folder"];
        return order.Select(Find).FirstOrDefault(entry => entry.Locate(path) is not null)
            ?? throw new DatasetException(path, null, "a folder with a data set of a known format", "no folder");
    }

    private static string Locate(CatalogEntry entry, DatasetRequest request)
    {
        if (request.DataPath is { } path)
            return entry.Locate(path) ?? path;
        if (!entry.IsCached)
            throw new ArgumentException($"Data set \"{entry.Name}\" needs the path of its folder, found none.");
        var folder = DatasetCache.Folder(entry.Name);
        var remedy = DatasetFetcher.Names.Contains(entry.Name)
            ? $"fetch it with \"contrastive datasets fetch {entry.Name}\""
            : $"unpack {entry.Home} there";
        return entry.Locate(folder)
            ?? throw new DatasetException(
                folder, null, $"the files of {entry.Name} ({remedy}, or give the path of a copy)", "none");
    }

    private static IdxDataset OpenIdx(
        DatasetRequest request, string split, string folder, IReadOnlyList<string>? classNames)
    {
        var prefix = split == "test" ? "t10k" : "train";
        return IdxDataset.Open(
            request.Name,
            Path.Combine(folder, $"{prefix}-images-idx3-ubyte"),
            Path.Combine(folder, $"{prefix}-labels-idx1-ubyte"),
            classNames);
    }

    private static FolderDataset OpenFolder(DatasetRequest request, string split, string folder)
    {
        if (request.Channels is not (1 or 3))
            throw new ArgumentException($"Channels: expected 1 or 3, found {request.Channels}.");
        ArgumentOutOfRangeException.ThrowIfNegative(request.MinimumSize);
        var options = new DecodeOptions { Channels = request.Channels, MinimumSize = request.MinimumSize };
        return new FolderDataset(request.Name, FolderFiles.Find(folder, split), options, ImageDecoders.Default);
    }

    private static SequenceDataset OpenSequences(DatasetRequest request, string split, string folder)
    {
        if (request.Channels is not (1 or 3))
            throw new ArgumentException($"Channels: expected 1 or 3, found {request.Channels}.");
        if (request.FrameSize is < 4 or > 2048)
            throw new ArgumentException($"FrameSize: expected 4 to 2048 pixels, found {request.FrameSize}.");
        var options = new DecodeOptions { Channels = request.Channels, MinimumSize = request.FrameSize };
        return new SequenceDataset(request.Name, SequenceFiles.Find(folder, split), request.Frames, request.FrameSize, options, ImageDecoders.Default);
    }

    private static long SizeOf(string folder) =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
            : 0;
}
