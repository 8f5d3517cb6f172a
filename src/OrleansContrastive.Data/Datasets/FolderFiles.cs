namespace OrleansContrastive.Data.Datasets;

/// <summary>Which files of a folder are the images of a split, in which order and of which class.</summary>
/// <param name="Root">The folder that the paths begin at.</param>
/// <param name="Paths">Relative to <paramref name="Root"/> with <c>/</c> between names, in ordinal order.</param>
/// <param name="Labels">One per path; empty where the folder is flat.</param>
/// <param name="ClassNames">The class folders in ordinal order; empty where the folder is flat.</param>
internal sealed record FolderFiles(string Root, string[] Paths, int[] Labels, string[] ClassNames)
{
    private static readonly HashSet<string> Extensions =
        new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".bmp", ".webp" };

    private static readonly EnumerationOptions Deep = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 16,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    private static readonly EnumerationOptions Shallow = new()
    {
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    // The names that image folders commonly give to their splits.
    private static readonly (string Split, string[] Folders)[] SplitFolders =
        [("train", ["train", "training"]), ("test", ["test", "val", "valid", "validation"])];

    /// <summary>
    /// Looks for the split's own folder (train; test, val, valid or validation); where there are no such folders at all, the
    /// whole folder is the training split. Class folders are searched in depth; hidden names are left out. Labels of the
    /// test split are numbered by the class folders of the training split.
    /// </summary>
    /// <exception cref="DatasetException">No such folder or split, no image, an empty or unknown class, or images both
    /// beside and in class folders.</exception>
    public static FolderFiles Find(string folder, string split)
    {
        if (!Directory.Exists(folder))
            throw new DatasetException(folder, null, "a folder of images", File.Exists(folder) ? "a file" : "nothing");
        try
        {
            var root = SplitRoot(folder, split);
            var training = split == "train" ? root : TrainingRoot(folder);
            return List(root, training);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(folder, null, "a readable folder of images", e.Message, e);
        }
    }

    /// <summary>Whether a file is one of the images, by its name.</summary>
    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path));

    /// <summary>The folder of a split: its own, or the whole where no split has one.</summary>
    public static string SplitRoot(string folder, string split)
    {
        var any = false;
        foreach (var (name, folders) in SplitFolders)
            foreach (var candidate in folders)
            {
                var path = Path.Combine(folder, candidate);
                if (!Directory.Exists(path))
                    continue;
                if (name == split)
                    return path;
                any = true;
            }

        if (any || split != "train")
        {
            var wanted = SplitFolders.First(names => names.Split == split).Folders;
            throw new DatasetException(
                folder, null, $"a folder {string.Join(" or ", wanted)} for the split {split}", "none of them");
        }

        return folder;
    }

    /// <summary>The training split's own folder, or null.</summary>
    public static string? TrainingRoot(string folder) =>
        SplitFolders[0].Folders.Select(name => Path.Combine(folder, name)).FirstOrDefault(Directory.Exists);

    private static FolderFiles List(string root, string? trainingRoot)
    {
        string[] folders = [.. Directory.EnumerateDirectories(root, "*", Shallow)];
        string[] images = [.. Directory.EnumerateFiles(root, "*", Shallow).Where(IsImage)];
        if (images.Length == 0 && folders.Length > 0)
            return ListClasses(root, FolderNames(trainingRoot ?? root), mayLack: trainingRoot is not null && trainingRoot != root);

        if (images.Length == 0)
        {
            var extensions = string.Join(", ", Extensions.Order(StringComparer.Ordinal));
            throw new DatasetException(root, null, $"images ({extensions}) or one folder of images per class", "neither");
        }

        if (Array.Find(folders, folder => ImagesBelow(folder).Any()) is { } mixed)
        {
            throw new DatasetException(
                root,
                null,
                "images, or one folder of images per class",
                $"both: {Path.GetFileName(images[0])} beside the folder {Path.GetFileName(mixed)}");
        }

        var names = Array.ConvertAll(images, path => Path.GetFileName(path));
        Array.Sort(names, StringComparer.Ordinal);
        return new FolderFiles(root, names, [], []);
    }

    private static FolderFiles ListClasses(string root, string[] classNames, bool mayLack)
    {
        var unknown = FolderNames(root).Except(classNames, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
        {
            throw new DatasetException(
                root, null, "only class folders that the training split has", $"the folder {unknown}");
        }

        var labelled = new List<(string Path, int Label)>();
        for (var label = 0; label < classNames.Length; label++)
        {
            var folder = Path.Combine(root, classNames[label]);
            var before = labelled.Count;
            if (Directory.Exists(folder))
                labelled.AddRange(ImagesBelow(folder).Select(path => (Relative(root, path), label)));
            if (labelled.Count == before && !mayLack)
                throw new DatasetException(folder, null, "images in each class folder", "none");
        }

        labelled.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new FolderFiles(
            root, [.. labelled.Select(file => file.Path)], [.. labelled.Select(file => file.Label)], classNames);
    }

    /// <summary>The folders in a folder, in ordinal order.</summary>
    public static string[] FolderNames(string root)
    {
        string[] names = [.. Directory.EnumerateDirectories(root, "*", Shallow).Select(path => Path.GetFileName(path))];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <summary>The images in a folder itself, in ordinal order.</summary>
    public static string[] ImagesIn(string root)
    {
        string[] names = [.. Directory.EnumerateFiles(root, "*", Shallow).Where(IsImage).Select(path => Path.GetFileName(path))];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static string Relative(string root, string path) =>
        Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');

    private static IEnumerable<string> ImagesBelow(string folder) =>
        Directory.EnumerateFiles(folder, "*", Deep).Where(IsImage);
}
