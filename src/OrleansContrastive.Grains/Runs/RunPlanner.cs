using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Runs;

/// <summary>Decides which silo hosts what. The same silos give the same plan.</summary>
internal static class RunPlanner
{
    /// <summary>The plan; null while a role is not offered by anybody, which <paramref name="missing"/> then names.</summary>
    public static RunView? Plan(string run, RunSpec spec, long history, IReadOnlyList<WorkerReport> workers, out string? missing)
    {
        missing = null;
        foreach (var role in new[] { WorkerRoles.Augmentation, WorkerRoles.Encoder, WorkerRoles.Key, WorkerRoles.Negatives, WorkerRoles.Parameters })
        {
            if (Offering(workers, role).Length > 0) continue;
            missing = $"waits for a silo with the role '{role.ToString().ToLowerInvariant()}'";
            return null;
        }

        var topology = spec.Topology;
        return new()
        {
            History = history,
            Spec = spec,
            ParameterShards = Shards(WorkerRoles.Parameters, topology.ParameterShards, GrainKeys.ParameterServer),
            NegativeShards = Shards(WorkerRoles.Negatives, topology.NegativeShards, GrainKeys.NegativeStore),
            Encoders = Lanes(WorkerRoles.Encoder, topology.Encoders, GrainKeys.Encoder),
            MomentumEncoders = Lanes(WorkerRoles.Key, topology.KeyEncoders, GrainKeys.MomentumEncoder),
            Augmentations = Spread(WorkerRoles.Augmentation, topology.Augmentations),
            Evaluation = GrainKeys.Evaluation(run, Offering(workers, WorkerRoles.Encoder)[0].Silo),
        };

        string[] Shards(WorkerRoles role, int count, Func<string, int, string, string> key)
        {
            var hosts = Offering(workers, role);
            return [.. Enumerable.Range(0, count).Select(shard => key(run, shard, hosts[shard % hosts.Length].Silo))];
        }

        // One grain per lane before any lane takes a second one.
        string[] Lanes(WorkerRoles role, int count, Func<string, string, int, string> key)
        {
            var lanes = Offering(workers, role)
                .SelectMany(worker => worker.Lanes.Select((_, lane) => (worker.Silo, Lane: lane, Of: worker.Lanes.Length)))
                .OrderBy(place => place.Lane).ThenBy(place => place.Silo, StringComparer.Ordinal)
                .ToArray();
            return [.. Enumerable.Range(0, count).Select(i => (Place: lanes[i % lanes.Length], Round: i / lanes.Length))
                .Select(seat => key(run, seat.Place.Silo, seat.Place.Lane + (seat.Round * seat.Place.Of)))];
        }

        string[] Spread(WorkerRoles role, int count)
        {
            var hosts = Offering(workers, role);
            return [.. Enumerable.Range(0, count).Select(i => GrainKeys.Augmentation(run, hosts[i % hosts.Length].Silo, i / hosts.Length))];
        }
    }

    /// <summary>All grains of a view.</summary>
    public static IEnumerable<string> Grains(RunView view) =>
        [.. view.ParameterShards, .. view.NegativeShards, .. view.Encoders, .. view.MomentumEncoders, .. view.Augmentations, view.Evaluation];

    private static WorkerReport[] Offering(IReadOnlyList<WorkerReport> workers, WorkerRoles role) =>
        [.. workers.Where(worker => worker.Roles.HasFlag(role) && (role is not (WorkerRoles.Encoder or WorkerRoles.Key) || worker.Lanes.Length > 0))];
}
