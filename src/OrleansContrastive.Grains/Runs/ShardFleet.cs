using Orleans;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// Commands the members of all shards: the first of each shard is its primary, the others follow. One caller at a time. A
/// member that does not answer is left alone with its call; what it means to lose it is the run grain's to decide.
/// </summary>
internal sealed class ShardFleet(IGrainFactory grains, string run, RunSpec spec, TimeProvider time)
{
    // Many versions may be behind after a pause; a message carries a bounded number of them.
    private const int OrdersPerCall = 64;
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly List<ShardMember>[] _parameters = Empty(spec.Topology.ParameterShards);
    private readonly List<ShardMember>[] _negatives = Empty(spec.Topology.NegativeShards);

    private IEnumerable<List<ShardMember>> Shards => _parameters.Concat(_negatives);

    /// <summary>All members.</summary>
    public IEnumerable<ShardMember> Members => Shards.SelectMany(members => members);

    /// <summary>Members that hold the state.</summary>
    public IEnumerable<ShardMember> InSync => Members.Where(member => member.InSync);

    /// <summary>Every shard has a member that holds its state.</summary>
    public bool IsWhole => Shards.All(members => members.Any(member => member.InSync));

    /// <summary>The version that every member with state has applied: what no single death can undo.</summary>
    public long Applied => InSync.Min(member => member.Applied);

    /// <summary>The lowest version that a joining member may be copied at; none joins = the largest number.</summary>
    public long NeededSince => Members.Where(member => !member.InSync).Select(member => member.FromVersion).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>Keys of the parameter shards' members that hold the state (or of all), by shard.</summary>
    public string[][] Parameters(bool all = false) => Keys(_parameters, all);

    /// <summary>Keys of the store shards' members that hold the state (or of all), by shard.</summary>
    public string[][] Negatives(bool all = false) => Keys(_negatives, all);

    /// <summary>Adds a member to a shard, behind those that are there.</summary>
    public ShardMember Add(string key, bool inSync, long joinedAt = 0, long fromVersion = 0)
    {
        var isParameter = GrainKeys.Parse(key).Kind == GrainKind.ParameterServer;
        IShardGrain grain = isParameter ? grains.GetGrain<IParameterServerGrain>(key) : grains.GetGrain<INegativeStoreGrain>(key);
        var member = new ShardMember(key, grain) { InSync = inSync, JoinedAt = joinedAt, FromVersion = fromVersion };
        (isParameter ? _parameters : _negatives)[member.Shard].Add(member);
        return member;
    }

    /// <summary>Strikes a member out; the next one that holds the state is the primary then.</summary>
    public void Remove(ShardMember member)
    {
        foreach (var members in Shards)
        {
            var place = members.IndexOf(member);
            if (place < 0) continue;
            members.RemoveAt(place);
            // Whoever was being filled from a lost primary begins anew, as a new member.
            if (place == 0) members.RemoveAll(other => !other.InSync);
        }
    }

    /// <summary>Whether the shard has other members that hold the state.</summary>
    public bool HasOthers(ShardMember member, Func<ShardMember, bool> which) =>
        Shards.Single(members => members.Contains(member)).Any(other => other != member && other.InSync && which(other));

    /// <summary>Asks every member where it stands, under a new term.</summary>
    public async Task<IReadOnlyList<(ShardMember Member, ShardReport Report)>> ReportAsync(long term)
    {
        var members = Members.ToList();
        var reports = await Task.WhenAll(members.Select(member => member.Grain.ReportAsync(term)));
        return [.. members.Zip(reports)];
    }

    /// <summary>Has every member load a cut; those that are ready in this history keep what they have. Returns the first refusal; null = all have it.</summary>
    public async Task<(string Member, ShardReply Reply)?> PrepareAsync(Fence fence, LedgerCursor cut, bool restore)
    {
        LeaseId[] applied = [.. cut.AppliedAbove.Select(ordinal => LeaseId.At(ordinal, spec.LeasesPerEpoch))];
        var members = Members.ToList();
        var replies = await Task.WhenAll(members.Select(member => member.Grain.PrepareAsync(new()
        {
            Fence = fence,
            Run = run,
            Spec = spec,
            Shard = member.Shard,
            Restore = restore,
            Version = cut.Version,
            Applied = applied,
            ClosedBelow = cut.ClosedBelow,
        })));
        foreach (var (member, reply) in members.Zip(replies)) (member.Applied, member.InSync) = (reply.Applied, reply.Status == ShardStatus.Ok);
        var refused = Array.FindIndex(replies, reply => reply.Status != ShardStatus.Ok);
        return refused < 0 ? null : (members[refused].Key, replies[refused]);
    }

    /// <summary>Sends every member the orders that it lacks, and asks joining ones whether they are full.</summary>
    /// <param name="ledger">The book.</param>
    /// <param name="patience">Returns after this time at the latest; calls that are not answered go on.</param>
    /// <returns>False where the patience ran out.</returns>
    public async Task<bool> ApplyAsync(RunLedger ledger, TimeSpan patience)
    {
        foreach (var member in Members)
        {
            if (member.Call is { IsCompleted: false } || member.Lost is not null) continue;
            // One that has nothing to apply is asked all the same now and then: it may have lost its state while nothing can be committed.
            if (member.InSync && member.Applied >= ledger.Version && time.GetElapsedTime(member.AskedAt) < LookPeriod) continue;
            member.AskedAt = time.GetTimestamp();
            member.Call = member.InSync ? ApplyAsync(member, ledger) : FollowAsync(member, ledger);
        }

        var calls = Members.Select(member => member.Call).OfType<Task>().ToList();
        var all = Task.WhenAll(calls);
        if (!all.IsCompleted && await Task.WhenAny(all, Task.Delay(patience, time)) != all) return false;
        await all;
        return true;
    }

    /// <summary>Has the primary of every shard write its file of a checkpoint. Null if one is not ready for it.</summary>
    /// <exception cref="CheckpointException">The store failed one of them.</exception>
    public async Task<IReadOnlyList<ManifestFile>?> SnapshotAsync(Fence fence, long version, string writer)
    {
        var replies = await Task.WhenAll(Shards.Select(members => members[0].Grain.SnapshotAsync(new(fence, version, writer))));
        if (replies.FirstOrDefault(reply => reply.Status == ShardStatus.StoreFailed) is { } failed) throw new CheckpointException(failed.Problem!);
        return replies.All(reply => reply.Status == ShardStatus.Ok)
            ? [.. replies.Select(reply => new ManifestFile(reply.File, reply.Path, reply.Bytes, reply.Sha256))]
            : null;
    }

    private static async Task ApplyAsync(ShardMember member, RunLedger ledger)
    {
        try
        {
            var reply = await member.Grain.ApplyAsync(new(ledger.Fence, ledger.OrdersAfter(member.Applied, OrdersPerCall), ledger.KeptSince));
            Take(member, reply);
        }
        catch (Exception exception) when (CallFaults.IsTransient(exception))
        {
            // Its silo's silence will say whether it is dead.
        }
    }

    private async Task FollowAsync(ShardMember member, RunLedger ledger)
    {
        try
        {
            var primary = (member.Grain is IParameterServerGrain ? _parameters : _negatives)[member.Shard][0];
            var reply = await member.Grain.FollowAsync(new()
            {
                Fence = ledger.Fence,
                Run = run,
                Spec = spec,
                Shard = member.Shard,
                Primary = primary.Key,
                View = member.JoinedAt,
                FromVersion = member.FromVersion,
            });
            if (reply.Status == ShardStatus.Ok) (member.InSync, member.Applied) = (true, reply.Applied);
            else if (reply.Status != ShardStatus.NotReady) member.Lost = reply.Status;
        }
        catch (Exception exception) when (CallFaults.IsTransient(exception))
        {
            // Asked again at the next turn.
        }
    }

    private static void Take(ShardMember member, ShardReply reply)
    {
        if (reply.Status is ShardStatus.Ok) member.Applied = Math.Max(member.Applied, reply.Applied);
        else member.Lost = reply.Status;
    }

    private static List<ShardMember>[] Empty(int shards) => [.. Enumerable.Range(0, shards).Select(_ => new List<ShardMember>())];

    private static string[][] Keys(List<ShardMember>[] shards, bool all) =>
        [.. shards.Select(members => members.Where(member => all || member.InSync).Select(member => member.Key).ToArray())];
}
