using System.Collections.Concurrent;
using System.Threading.Channels;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>The runs that this silo serves. Safe for all threads.</summary>
public sealed class RunCatalog
{
    private readonly ConcurrentDictionary<string, byte> _runs = new(StringComparer.Ordinal);
    private readonly Channel<string> _added = Channel.CreateUnbounded<string>();

    /// <summary>Their ids.</summary>
    public IReadOnlyCollection<string> Runs => [.. _runs.Keys];

    /// <summary>Every run once, as it comes. One reader: the worker host.</summary>
    internal IAsyncEnumerable<string> AddedAsync(CancellationToken cancellationToken) => _added.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Serve a run from now on.</summary>
    /// <exception cref="ArgumentException">The id is empty, holds a slash, or a character that the store cannot keep.</exception>
    public void Add(string run)
    {
        Check(run);
        if (_runs.TryAdd(run, 0)) _added.Writer.TryWrite(run);
    }

    /// <summary>Refuses what is no run id: it is a folder of the store and a part of grain keys.</summary>
    /// <exception cref="ArgumentException">The id is empty, holds a slash, or a character that the store cannot keep.</exception>
    internal static void Check(string run)
    {
        if (run.Length == 0 || run.Contains('/', StringComparison.Ordinal))
            throw new ArgumentException($"'{run}' is no run id; expected a name without a slash.", nameof(run));
        ObjectKey.Check(run);
    }
}
