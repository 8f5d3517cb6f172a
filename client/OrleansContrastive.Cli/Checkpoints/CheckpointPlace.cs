using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Cli.Checkpoints;

/// <summary>The checkpoints of one run, found from what the user wrote.</summary>
/// <param name="Store">Where they lie, without secrets.</param>
/// <param name="Run">The run's id.</param>
/// <param name="Manifests">The checkpoints.</param>
/// <param name="Opened">The store itself.</param>
internal sealed record CheckpointPlace(string Store, string Run, ManifestStore Manifests, ICheckpointStore Opened)
{
    /// <summary>A run of a store, or the run of a folder that <c>train</c> made.</summary>
    /// <param name="run">The run's id where <paramref name="store"/> is given, otherwise its folder.</param>
    /// <param name="store">The address of the store; null = the folder itself.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="UsageException">There is no such run, or the address is none.</exception>
    public static async Task<CheckpointPlace> FindAsync(string run, string? store, CancellationToken cancellation)
    {
        if (!StoreAddress.TryParse(store ?? run, out var address, out var problem)) throw new UsageException(problem);
        if (address.Folder is { } folder && !Directory.Exists(folder))
            throw new UsageException($"There is no folder '{store ?? run}'. Give the folder of a run, or the id of a run and its store by --store.");

        var id = store is null ? RunSession.RunId : run;
        if (id.Length == 0 || id.Contains('/', StringComparison.Ordinal)) throw new UsageException($"'{id}' is no run id; expected a name without a slash.");
        var opened = address.Open();
        var manifests = new ManifestStore(opened, $"{id}/checkpoints");
        if ((await manifests.VersionsAsync(cancellation)).Count > 0) return new(opened.Location, id, manifests, opened);

        var there = await RunsAsync(opened, cancellation);
        throw new UsageException(
            $"Run '{id}' has no checkpoint in {opened.Location}; {(there.Count == 0 ? "nor has any other" : $"there are checkpoints of: {string.Join(", ", there)}")}.");
    }

    /// <summary>Goes back to a version, if all of its files are whole. Returns the versions that were withdrawn.</summary>
    /// <exception cref="UsageException">There is no such version.</exception>
    public async Task<IReadOnlyList<long>> RewindAsync(long version, CancellationToken cancellation)
    {
        var versions = await Manifests.VersionsAsync(cancellation);
        if (!versions.Contains(version)) throw new UsageException($"--version is {version}; run '{Run}' has checkpoints of {string.Join(", ", versions)}.");
        // What is damaged shall not take the place of what is not.
        await Manifests.VerifyAsync(await Manifests.ReadAsync(version, cancellation), cancellation);
        return await Manifests.RewindAsync(version, cancellation);
    }

    private static async Task<IReadOnlyList<string>> RunsAsync(ICheckpointStore store, CancellationToken cancellation)
    {
        var runs = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var key in store.ListAsync("", cancellation))
        {
            if (key.Split('/') is [var run, "checkpoints", _, "manifest.json"]) runs.Add(run);
        }

        return [.. runs];
    }
}
