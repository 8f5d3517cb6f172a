using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Runs;

/// <summary>One member of one shard, as the run grain sees it.</summary>
internal sealed class ShardMember(string key, IShardGrain grain)
{
    /// <summary>Key of its grain.</summary>
    public string Key { get; } = key;

    /// <summary>Number of its shard.</summary>
    public int Shard { get; } = GrainKeys.Parse(key).Index;

    /// <summary>The silo that hosts it.</summary>
    public string Silo { get; } = GrainKeys.Parse(key).Silo;

    /// <summary>The way to it.</summary>
    public IShardGrain Grain { get; } = grain;

    /// <summary>It has the state; otherwise it is being filled.</summary>
    public bool InSync { get; set; }

    /// <summary>The version that it has applied, as far as known; -1 = none.</summary>
    public long Applied { get; set; } = -1;

    /// <summary>The view that made it a member, if it joined while the run went on.</summary>
    public long JoinedAt { get; init; }

    /// <summary>Stages of later versions come to it.</summary>
    public long FromVersion { get; init; }

    /// <summary>When it was last sent anything, on monotonic time.</summary>
    public long AskedAt { get; set; }

    /// <summary>A call to it that is not answered yet. One at a time; a member that hangs holds nobody up.</summary>
    public Task? Call { get; set; }

    /// <summary>It answered that it has no state, or another: what it kept is lost.</summary>
    public ShardStatus? Lost { get; set; }
}
