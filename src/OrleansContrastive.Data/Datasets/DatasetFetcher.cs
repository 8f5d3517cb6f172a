using OrleansContrastive.Data.Datasets.Fetching;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// Gets data sets into the cache: from the first source that answers, verified by SHA-256, each file put in place at once
/// and whole. Files that are already there are kept, and a download that broke off goes on.
/// </summary>
public sealed class DatasetFetcher
{
    private readonly string _root;
    private readonly IReadOnlyList<FetchRecipe> _recipes;

    /// <param name="root">The folder that data sets lie in; null takes <see cref="DatasetCache.Root"/>.</param>
    public DatasetFetcher(string? root = null) : this(root, FetchRecipe.All)
    {
    }

    internal DatasetFetcher(string? root, IReadOnlyList<FetchRecipe> recipes) =>
        (_root, _recipes) = (root ?? DatasetCache.Root, recipes);

    /// <summary>The data sets that can be fetched, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. FetchRecipe.All.Select(recipe => recipe.Name)];

    /// <summary>Makes sure that a data set lies in the cache; returns its folder.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="progress">Takes the progress, several times per second while bytes come.</param>
    /// <param name="cancellationToken">Ends the work; what came so far is kept for the next attempt.</param>
    /// <exception cref="ArgumentException">A name that cannot be fetched, with those that can.</exception>
    /// <exception cref="DatasetFetchException">No source gave it: each with its reason.</exception>
    /// <exception cref="IOException">The cache folder cannot be written.</exception>
    public async Task<string> FetchAsync(
        string name, IProgress<FetchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var recipe = _recipes.FirstOrDefault(recipe => recipe.Name == name)
            ?? throw new ArgumentException(NearestName.Explain(
                "data set to fetch", name, [.. _recipes.Select(recipe => recipe.Name)]));
        var folder = Path.Combine(_root, name);
        Directory.CreateDirectory(folder);

        var report = (FetchProgress step) => progress?.Report(step);
        using var held = await FetchLock.TakeAsync(
            Path.Combine(_root, $".{name}.lock"),
            () => report(new FetchProgress(folder, "waiting for another process that fetches it")),
            cancellationToken).ConfigureAwait(false);
        var missing = Missing(recipe, folder);
        if (missing.Count > 0)
            await FromFirstSourceAsync(recipe, missing, folder, report, cancellationToken).ConfigureAwait(false);
        return folder;
    }

    // A file of the right length was verified when it was put there.
    private static List<DatasetFile> Missing(FetchRecipe recipe, string folder) =>
        [.. recipe.Files.Where(file =>
        {
            var info = new FileInfo(Path.Combine(folder, file.Name));
            return !info.Exists || info.Length != file.Length;
        })];

    private async Task FromFirstSourceAsync(
        FetchRecipe recipe,
        List<DatasetFile> missing,
        string folder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken)
    {
        var workFolder = Path.Combine(_root, $".{recipe.Name}.work");
        var failures = new List<(string Source, string Reason)>();
        foreach (var (index, source) in recipe.Sources.Index())
        {
            try
            {
                var own = Path.Combine(workFolder, $"{index}");
                await FromSourceAsync(source, missing, own, folder, report, cancellationToken).ConfigureAwait(false);
                Directory.Delete(workFolder, recursive: true);
                return;
            }
            catch (FetchFailure e)
            {
                failures.Add((source.Name, e.Message));
            }
        }

        throw new DatasetFetchException(recipe.Name, failures);
    }

    private static async Task FromSourceAsync(
        IDatasetSource source,
        List<DatasetFile> missing,
        string workFolder,
        string folder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(workFolder);
        var brought = await source.BringAsync(missing, workFolder, report, cancellationToken).ConfigureAwait(false);
        foreach (var file in missing.ToArray())
        {
            report(new FetchProgress(source.Name, $"verifying {file.Name}"));
            try
            {
                await VerifiedFile.PlaceAsync(file, brought[file.Name], folder, cancellationToken).ConfigureAwait(false);
            }
            catch (FetchFailure)
            {
                // Kept, it would be taken for a finished download the next time.
                File.Delete(brought[file.Name]);
                throw;
            }

            missing.Remove(file);
        }
    }
}
