namespace OrleansContrastive.Data.Datasets;

/// <summary>One data set of the catalogue and what of it lies in the cache.</summary>
/// <param name="Name">The name to open it by.</param>
/// <param name="Summary">What it shows, in a few words.</param>
/// <param name="TrainCount">Images of the training split; null where it depends on the files.</param>
/// <param name="TestCount">Images of the test split; null where it depends on the files.</param>
/// <param name="CanFetch">Whether <see cref="DatasetFetcher"/> knows where to get it.</param>
/// <param name="Folder">Its cache folder, which need not exist; null for a set that has no files of its own.</param>
/// <param name="IsPresent">Whether it can be opened without a path.</param>
/// <param name="BytesOnDisk">Size of the files in its cache folder.</param>
public sealed record DatasetDescription(
    string Name,
    string Summary,
    int? TrainCount,
    int? TestCount,
    bool CanFetch,
    string? Folder,
    bool IsPresent,
    long BytesOnDisk);
