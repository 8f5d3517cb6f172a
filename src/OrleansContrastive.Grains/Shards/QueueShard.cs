using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Negatives;

namespace OrleansContrastive.Grains.Shards;

/// <summary>A shard of the queue.</summary>
internal sealed class QueueShard : IStoreShard
{
    // 256 MiB at the widest: a part of a checkpoint stays far below what one array may hold.
    private const int RowsPerPart = 1 << 16;

    private readonly RunSpec _spec;
    private readonly int _rowsPerSample;

    public QueueShard(RunSpec spec, int shard, bool fill)
    {
        _spec = spec;
        _rowsPerSample = MethodFactory.Plan(spec).RowsPerSample;
        Queue = new(Capacity(spec, shard), spec.Model.EmbeddingWidth, Blocks.ScalarOf(ModelFactory.MasterType(spec)));
        if (fill && spec.Contrast.StartWithRandomRows) Queue.FillWithUnitRows(spec.Seed, shard, spec.Topology.NegativeShards);
    }

    /// <summary>The ring.</summary>
    public KeyQueue Queue { get; }

    public INegativeRows Rows => Queue;

    public void Apply(long version, StageRows[] leases, int[] samples)
    {
        var before = 0;
        foreach (var (lease, count) in leases.Zip(samples))
        {
            Queue.Append(
                lease.Rows.Data.Span,
                lease.SampleIds,
                new(lease.KeyVersion, version, before + lease.FirstPosition, _spec.Topology.NegativeShards));
            before += count * _rowsPerSample;
        }
    }

    public long[] Versions(int looks) => RowAges.Sample(Queue.KeyVersions, Queue.SampleIds, looks);

    public (IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Save(bool lasting)
    {
        var rows = Queue.Snapshot(RowsPerPart);
        return (QueueFiles.Tensors(rows), QueueFiles.Metadata(rows));
    }

    public void Restore(SafeTensorsContent content) =>
        Queue.Restore(QueueFiles.Restore(content, _spec.Model.EmbeddingWidth, Queue.ElementType));

    // The shards' rings together hold the K newest rows, also where K is no multiple of their number.
    private static int Capacity(RunSpec spec, int shard)
    {
        var shards = spec.Topology.NegativeShards;
        return (spec.Contrast.QueueLength / shards) + (shard < spec.Contrast.QueueLength % shards ? 1 : 0);
    }
}
