namespace OrleansContrastive.Data.Datasets.Fetching;

internal static class PackedFiles
{
    /// <summary>Where each wanted file lies in a folder, as such or with .gz.</summary>
    /// <exception cref="FetchFailure">One of them is not there.</exception>
    public static IReadOnlyDictionary<string, string> Find(IReadOnlyList<DatasetFile> files, string folder)
    {
        var found = new Dictionary<string, string>();
        foreach (var file in files)
        {
            var path = Path.Combine(folder, file.Name);
            found[file.Name] = File.Exists(path) ? path
                : File.Exists(path + ".gz") ? path + ".gz"
                : throw new FetchFailure($"the package has no file {file.Name} or {file.Name}.gz");
        }

        return found;
    }
}
