using System.Collections.Concurrent;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>The runs that this silo serves. Safe for all threads.</summary>
public sealed class RunCatalog
{
    private readonly ConcurrentDictionary<string, byte> _runs = new(StringComparer.Ordinal);

    /// <summary>Their ids.</summary>
    public IReadOnlyCollection<string> Runs => [.. _runs.Keys];

    /// <summary>Serve a run from now on.</summary>
    /// <exception cref="ArgumentException">The id is empty or holds a slash.</exception>
    public void Add(string run)
    {
        if (run.Length == 0 || run.Contains('/', StringComparison.Ordinal))
            throw new ArgumentException($"'{run}' is no run id; expected a name without a slash.", nameof(run));
        _runs.TryAdd(run, 0);
    }
}
