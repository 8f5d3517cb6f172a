using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Learning.Negatives;

namespace OrleansContrastive.Grains.Shards;

/// <summary>What a store shard keeps its rows in. On the shards' executor only.</summary>
internal interface IStoreShard
{
    /// <summary>The committed rows.</summary>
    INegativeRows Rows { get; }

    /// <summary>Makes the rows of one version visible, in slot order.</summary>
    /// <param name="version">The version.</param>
    /// <param name="leases">What its leases have staged here.</param>
    /// <param name="samples">Samples of each lease.</param>
    void Apply(long version, StageRows[] leases, int[] samples);

    /// <summary>ln Z of noise-contrastive estimation; 0 where there is none.</summary>
    double LogPartition => 0;

    /// <summary>Versions of some rows, the oldest among them.</summary>
    long[] Versions(int looks);

    /// <summary>The state as tensors of a checkpoint.</summary>
    /// <param name="lasting">They must outlast the next version; otherwise they may share the shard's memory.</param>
    (IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Save(bool lasting);

    /// <summary>Takes a checkpoint's state into a fresh shard.</summary>
    void Restore(SafeTensorsContent content);

    /// <summary>Name of a shard's file in a checkpoint.</summary>
    static string FileName(int shard, RunSpec spec) => $"negatives-{shard}-of-{spec.Topology.NegativeShards}.safetensors";

    /// <summary>A fresh shard of a run.</summary>
    static IStoreShard Create(RunSpec spec, int shard, bool fill) =>
        spec.Contrast.Store == NegativeStoreKind.Bank ? new BankShard(spec, shard) : new QueueShard(spec, shard, fill);
}
