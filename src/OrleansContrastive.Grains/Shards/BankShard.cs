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
            if (spec.Contrast.Sampling.Kind != SamplingKind.Noise) continue;
            if (!spec.Contrast.FreezePartition) _partition = _partition.With(lease.LogPartition);
            else if (version == 1) _partition = new(lease.LogPartition);
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
