using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>The rows of one attempt for one store shard.</summary>
internal sealed class RowStage
{
    /// <summary>The rows; null before they came. A lease may have none for a shard.</summary>
    public StageRows? Rows { get; set; }
}
