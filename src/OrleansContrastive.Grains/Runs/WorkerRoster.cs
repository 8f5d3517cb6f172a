using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

/// <summary>The silos that were heard of lately, on monotonic time. One thread at a time.</summary>
internal sealed class WorkerRoster(TimeProvider time)
{
    private readonly Dictionary<string, Entry> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WorkerRoles> _barred = new(StringComparer.Ordinal);

    /// <summary>A silo that is silent for so long is taken for dead. A slow one still sends heartbeats.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(4);

    /// <summary>The silos with what they offer and are not barred from, ordered by name.</summary>
    public IReadOnlyList<WorkerReport> Workers =>
        [.. _workers.Values.Select(entry => entry.Report with { Roles = entry.Report.Roles & ~_barred.GetValueOrDefault(entry.Report.Silo) }).OrderBy(report => report.Silo, StringComparer.Ordinal)];

    /// <summary>A silo cannot do some kind of work. One that starts anew has another name.</summary>
    /// <returns>Whether another silo can.</returns>
    public bool Bar(string silo, WorkerRoles role)
    {
        _barred[silo] = _barred.GetValueOrDefault(silo) | role;
        return Workers.Any(worker => !worker.Leaving && worker.Roles.HasFlag(role));
    }

    /// <summary>The run begins anew: all may try again.</summary>
    public void Forgive() => _barred.Clear();

    /// <summary>A silo was heard of.</summary>
    public void Hear(WorkerReport report) => _workers[report.Silo] = new(report, time.GetTimestamp());

    /// <summary>Strikes out the silent ones; returns their names.</summary>
    public IReadOnlyList<string> Expire()
    {
        var silent = _workers.Where(worker => time.GetElapsedTime(worker.Value.Heard) > Patience).Select(worker => worker.Key).ToList();
        foreach (var silo in silent) _workers.Remove(silo);
        return silent;
    }

    /// <summary>Whether a silo has activated a grain.</summary>
    public bool IsActive(string silo, string grain) =>
        _workers.TryGetValue(silo, out var entry) && entry.Report.Active.Contains(grain);

    /// <summary>Whether a silo has said that it stops.</summary>
    public bool IsLeaving(string silo) => _workers.TryGetValue(silo, out var entry) && entry.Report.Leaving;

    /// <summary>Whether a silo was heard of lately.</summary>
    public bool IsAlive(string silo) => _workers.ContainsKey(silo);

    private readonly record struct Entry(WorkerReport Report, long Heard);
}
