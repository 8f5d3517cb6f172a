using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Workers;

/// <summary>A shard works in another history, or lost its state: what is in hand is dropped and the view is fetched anew.</summary>
internal sealed class StaleViewException(string who, ShardStatus status) : Exception($"{who} answered {status}.")
{
    /// <summary>Throws unless the shard answered data, "not modified" or "not yet".</summary>
    public static void ThrowIf(string who, ShardStatus status)
    {
        if (status is ShardStatus.NotReady or ShardStatus.OtherHistory or ShardStatus.OlderTerm or ShardStatus.Missing)
            throw new StaleViewException(who, status);
    }
}
