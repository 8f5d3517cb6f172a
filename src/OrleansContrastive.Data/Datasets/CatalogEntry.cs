namespace OrleansContrastive.Data.Datasets;

/// <summary>One format or one known data set: how it is recognised and opened.</summary>
internal sealed record CatalogEntry
{
    public required string Name { get; init; }

    public required string Summary { get; init; }

    public int? TrainCount { get; init; }

    public int? TestCount { get; init; }

    public string[] Splits { get; init; } = ["train", "test"];

    /// <summary>A file that every copy has, as such or with .gz; null where a folder needs no particular file.</summary>
    public string? Mark { get; init; }

    /// <summary>Folders below the given one that usual archives and loaders make.</summary>
    public string[] Subfolders { get; init; } = [];

    /// <summary>Whether the set comes from files at all.</summary>
    public bool HasFiles { get; init; } = true;

    /// <summary>Whether there is one such data set in the world, and so a place in the cache for it.</summary>
    public bool IsCached { get; init; } = true;

    /// <summary>Where a person gets it, for the error when it is not there.</summary>
    public string? Home { get; init; }

    /// <summary>Opens it: the request, the split's name, the folder (empty without files).</summary>
    public required Func<DatasetRequest, string, string, IImageDataset> Open { get; init; }

    /// <summary>The folder at or below <paramref name="folder"/> that holds the <see cref="Mark"/>, or null.</summary>
    public string? Locate(string folder)
    {
        if (Mark is null)
            return Directory.Exists(folder) ? folder : null;
        foreach (var subfolder in Subfolders.Prepend(""))
        {
            var mark = Path.Combine(folder, subfolder, Mark);
            if (File.Exists(mark) || File.Exists(mark + ".gz"))
                return Path.Combine(folder, subfolder);
        }

        return null;
    }
}
