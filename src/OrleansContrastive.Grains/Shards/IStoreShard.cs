using System.Globalization;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;

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

    /// <summary>A fresh shard of a run.</summary>
    static IStoreShard Create(RunSpec spec, int shard, bool fill) =>
        spec.Contrast.Store == NegativeStoreKind.Bank ? new BankShard(spec, shard) : new QueueShard(spec, shard, fill);
}

/// <summary>A shard of the queue.</summary>
internal sealed class QueueShard : IStoreShard
{
    // 256 MiB at the widest: a part of a checkpoint stays far below what one array may hold.
    private const int RowsPerPart = 1 << 16;

    private readonly RunSpec _spec;

    public QueueShard(RunSpec spec, int shard, bool fill)
    {
        _spec = spec;
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
            before += count * (_spec.Contrast.Symmetric ? 2 : 1);
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

/// <summary>A shard of the bank: the rows of the samples that are its number modulo the shards.</summary>
internal sealed class BankShard(RunSpec spec, int shard) : IStoreShard
{
    private const string Partition = "logPartition";

    private readonly torch.ScalarType _type = Blocks.ScalarOf(ModelFactory.MasterType(spec));
    private readonly MemoryBank _bank = new(
        spec.Dataset.Count, spec.Model.EmbeddingWidth, spec.Contrast.BankMomentum, spec.Seed, shard, spec.Topology.NegativeShards,
        Blocks.ScalarOf(ModelFactory.MasterType(spec)));

    // Every shard folds the same estimates in the same order, so all have the same Z.
    private PartitionEstimate _partition = PartitionEstimate.OfRandomRows(spec.Dataset.Count, spec.Model.EmbeddingWidth, spec.Contrast.Temperature);

    public INegativeRows Rows => _bank;

    public double LogPartition => _partition.Log;

    public void Apply(long version, StageRows[] leases, int[] samples)
    {
        foreach (var lease in leases)
        {
            _bank.Update(lease.Rows.Data.Span, _type, lease.SampleIds, version);
            if (spec.Contrast.Sampling.Kind == SamplingKind.Noise) _partition = _partition.With(lease.LogPartition);
        }
    }

    public long[] Versions(int looks)
    {
        var versions = _bank.Versions;
        var found = new List<long>(looks);
        for (var look = 0; look < Math.Min(looks, versions.Length); look++)
        {
            // A row that is still random has no age.
            if (versions[(int)((long)look * versions.Length / Math.Min(looks, versions.Length))] is > 0 and var version) found.Add(version);
        }

        return [.. found];
    }

    public (IReadOnlyList<NamedTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Save(bool lasting) => (
        [.. _bank.Parts().SelectMany((part, number) => new NamedTensor[]
        {
            new($"{number}.rows", TensorType.BFloat16, [part.Versions.Length, _bank.Width], lasting ? part.Rows.ToArray() : part.Rows),
            new($"{number}.versions", TensorType.Int32, [part.Versions.Length], MemoryMarshal.AsBytes(part.Versions.Span).ToArray()),
        })],
        new Dictionary<string, string> { [Partition] = _partition.Log.ToString("R", CultureInfo.InvariantCulture) });

    public void Restore(SafeTensorsContent content)
    {
        if (!content.Metadata.TryGetValue(Partition, out var text) || !double.TryParse(text, CultureInfo.InvariantCulture, out var log))
            throw new CheckpointException($"The checkpoint's bank has no number '{Partition}' in its metadata; found '{text}'.");
        _partition = new(log);
        for (var part = 0; part < _bank.PartCount; part++)
            _bank.Restore(part, content[$"{part}.rows"].Data.Span, content[$"{part}.versions"].Data.Span);
    }
}
