using Orleans;
using Orleans.Concurrency;

namespace OrleansContrastive.Contracts.Shards;

/// <summary>
/// One shard of the memory queue. It is its only owner, which is what keeps a queue the same for every encoder.
/// Replaces the <c>queue</c> buffer.
/// </summary>
[Alias("oc.INegativeStoreGrain")]
public interface INegativeStoreGrain : IShardGrain
{
    /// <summary>Keeps rows until their attempt commits. Nobody sees them before.</summary>
    [AlwaysInterleave, Alias("Stage")]
    Task<ShardReply> StageAsync(StageRows stage);

    /// <summary>Committed rows, for a mirror.</summary>
    [AlwaysInterleave, Alias("Read")]
    Task<RowsReply> ReadAsync(RowsRequest request);

    /// <summary>The shard's part of the softmax of every query, over all its committed rows.</summary>
    [AlwaysInterleave, Alias("Contrast")]
    Task<ContrastReply> ContrastAsync(ContrastRequest request);

    /// <summary>A bank's rows of some samples: the positives of methods that keep one.</summary>
    [AlwaysInterleave, Alias("OwnRows")]
    Task<OwnRowsReply> OwnRowsAsync(OwnRowsRequest request);
}
