using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

/// <summary>Which grains a run wants, and where.</summary>
internal sealed record RunPlan
{
    /// <summary>Members of each parameter shard.</summary>
    public required string[][] Parameters { get; init; }

    /// <summary>Members of each store shard.</summary>
    public required string[][] Negatives { get; init; }

    /// <summary>Encoders.</summary>
    public required string[] Encoders { get; init; }

    /// <summary>Momentum encoders.</summary>
    public required string[] MomentumEncoders { get; init; }

    /// <summary>Augmentation workers.</summary>
    public required string[] Augmentations { get; init; }

    /// <summary>The evaluation grain that leads; one sleeps beside every encoder.</summary>
    public required string Evaluation { get; init; }

    /// <summary>All of them.</summary>
    public IEnumerable<string> Grains =>
        [.. Parameters.SelectMany(keys => keys), .. Negatives.SelectMany(keys => keys), .. Encoders, .. MomentumEncoders, .. Augmentations, .. RunView.EvaluationsOf(Evaluation, Encoders)];
}

/// <summary>
/// Decides which silo hosts what. The same silos give the same plan, and what has a place on a living silo keeps it.
/// </summary>
internal sealed class RunPlanner(string run, RunSpec spec)
{
    private readonly WorkerRoles[] _needed =
    [
        WorkerRoles.Augmentation,
        WorkerRoles.Encoder,
        .. spec.Topology.KeyEncoders > 0 ? [WorkerRoles.Key] : Array.Empty<WorkerRoles>(),
        .. spec.Topology.NegativeShards > 0 ? [WorkerRoles.Negatives] : Array.Empty<WorkerRoles>(),
        WorkerRoles.Parameters,
    ];

    /// <summary>The plan; null while a role is not offered by anybody, which <paramref name="missing"/> then names.</summary>
    /// <param name="scale">Numbers of workers that differ from the spec's.</param>
    /// <param name="workers">The living silos, ordered by name.</param>
    /// <param name="before">What has a place already.</param>
    /// <param name="missing">What the plan waits for.</param>
    public RunPlan? Plan(ScaleRequest scale, IReadOnlyList<WorkerReport> workers, RunPlan? before, out string? missing)
    {
        missing = _needed.Where(role => Offering(workers, role).Length == 0)
            .Select(role => $"waits for a silo with the role '{role.ToString().ToLowerInvariant()}'")
            .FirstOrDefault();
        if (missing is null && before is null && workers.Count < spec.Topology.MinimumSilos)
            missing = $"waits for {spec.Topology.MinimumSilos} silos; {workers.Count} have come";
        if (missing is not null) return null;

        var topology = spec.Topology;
        return new()
        {
            Parameters = Shards(workers, WorkerRoles.Parameters, topology.ParameterShards, before?.Parameters, GrainKeys.ParameterServer),
            Negatives = Shards(workers, WorkerRoles.Negatives, topology.NegativeShards, before?.Negatives, GrainKeys.NegativeStore),
            Encoders = Lanes(workers, WorkerRoles.Encoder, scale.Encoders ?? topology.Encoders, before?.Encoders, GrainKeys.Encoder),
            MomentumEncoders = Lanes(workers, WorkerRoles.Key, scale.KeyEncoders ?? topology.KeyEncoders, before?.MomentumEncoders, GrainKeys.MomentumEncoder),
            Augmentations = Spread(workers, scale.Augmentations ?? topology.Augmentations, before?.Augmentations),
            Evaluation = Evaluation(workers, before?.Evaluation)!,
        };
    }

    /// <summary>Where the run is judged: where it was, or else on the first silo that has encoders. Null where there is none.</summary>
    public string? Evaluation(IReadOnlyList<WorkerReport> workers, string? before)
    {
        var hosts = Offering(workers, WorkerRoles.Encoder);
        return before is not null && hosts.Any(host => host.Silo == SiloOf(before)) ? before
            : hosts.Length > 0 ? GrainKeys.Evaluation(run, hosts[0].Silo)
            : null;
    }

    private string[][] Shards(
        IReadOnlyList<WorkerReport> workers, WorkerRoles role, int count, string[][]? before, Func<string, int, string, string> key)
    {
        var hosts = Offering(workers, role).Select(worker => worker.Silo).ToArray();
        // What lies on a silo that leaves is handed over: it does not count as a member any more.
        var members = Enumerable.Range(0, count)
            .Select(shard => before is null ? [] : before[shard].Where(member => hosts.Contains(SiloOf(member))).ToList())
            .ToArray();
        // All primaries before the first follower, each where there is least.
        for (var copy = 1; copy <= Math.Min(spec.Topology.Replicas, hosts.Length); copy++)
        {
            for (var shard = 0; shard < count; shard++)
            {
                if (members[shard].Count >= copy) continue;
                var load = members.SelectMany(keys => keys).CountBy(SiloOf).ToDictionary();
                var host = hosts
                    .Where(host => !members[shard].Any(member => SiloOf(member) == host))
                    .MinBy(host => load.GetValueOrDefault(host))!;
                members[shard].Add(key(run, shard, host));
            }
        }

        return [.. members.Select(keys => keys.ToArray())];
    }

    // One grain per lane before any lane takes a second one.
    private string[] Lanes(
        IReadOnlyList<WorkerReport> workers, WorkerRoles role, int count, string[]? before, Func<string, string, int, string> key)
    {
        var lanes = Offering(workers, role)
            .SelectMany(worker => worker.Lanes.Select((_, lane) => (worker.Silo, Lane: lane, Of: worker.Lanes.Length)))
            .OrderBy(place => place.Lane).ThenBy(place => place.Silo, StringComparer.Ordinal)
            .ToArray();
        if (lanes.Length == 0) return [];
        // A second grain of a lane gives its place up when another lane is free.
        var places = lanes.ToDictionary(lane => key(run, lane.Silo, lane.Lane));
        var kept = (before ?? []).Where(places.ContainsKey).Take(count).ToList();
        for (var round = 0; kept.Count < count; round++)
        {
            kept.AddRange(lanes
                .Select(lane => key(run, lane.Silo, lane.Lane + (round * lane.Of)))
                .Where(seat => !kept.Contains(seat))
                .Take(count - kept.Count)
                .ToList());
        }

        return [.. kept];
    }

    private string[] Spread(IReadOnlyList<WorkerReport> workers, int count, string[]? before)
    {
        var hosts = Offering(workers, WorkerRoles.Augmentation);
        string[] wanted = [.. Enumerable.Range(0, count).Select(i => GrainKeys.Augmentation(run, hosts[i % hosts.Length].Silo, i / hosts.Length))];
        return [.. (before ?? []).Where(wanted.Contains).Concat(wanted).Distinct()];
    }

    private static string SiloOf(string key) => GrainKeys.Parse(key).Silo;

    private static WorkerReport[] Offering(IReadOnlyList<WorkerReport> workers, WorkerRoles role) =>
        [.. workers.Where(worker => !worker.Leaving && worker.Roles.HasFlag(role) && (role is not (WorkerRoles.Encoder or WorkerRoles.Key) || worker.Lanes.Length > 0))];
}
