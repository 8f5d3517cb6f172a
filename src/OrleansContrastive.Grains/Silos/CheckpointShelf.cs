using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Silos;

/// <summary>The checkpoints of runs, as grains write and read them. Safe for all threads.</summary>
public sealed class CheckpointShelf(ICheckpointStore store, TimeProvider time)
{
    /// <summary>The manifests of a run.</summary>
    public ManifestStore Manifests(string run) => new(store, $"{run}/checkpoints", time);

    /// <summary>Writes a shard's file of a checkpoint to be.</summary>
    public async Task<SnapshotReply> WriteAsync(
        string run, SnapshotShard snapshot, string name, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var file = await Manifests(run).WriteFileAsync(
            snapshot.Version,
            snapshot.Writer,
            name,
            (stream, token) => SafeTensors.WriteAsync(stream, tensors, metadata, token));
        return new(ShardStatus.Ok, file.Name, file.Path, file.Bytes, file.Sha256);
    }

    /// <summary>Reads a shard's file of a checkpoint, and checks its hash.</summary>
    public async Task<SafeTensorsContent> ReadAsync(string run, long version, string name)
    {
        var manifests = Manifests(run);
        var manifest = await manifests.ReadAsync(version);
        return SafeTensors.Read(await manifests.ReadFileAsync(manifest, name), $"{run}, version {version}, {name}");
    }
}
