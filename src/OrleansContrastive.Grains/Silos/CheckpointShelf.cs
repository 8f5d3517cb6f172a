using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Silos;

/// <summary>The checkpoints of runs, as grains write and read them. Safe for all threads.</summary>
public sealed class CheckpointShelf(ICheckpointStore store, TimeProvider time)
{
    /// <summary>The manifests of a run.</summary>
    public ManifestStore Manifests(string run) => new(store, $"{run}/checkpoints", time);

    /// <summary>What the encoder of a run starts from; null = what its seed gives.</summary>
    /// <exception cref="CheckpointException">It is missing or damaged.</exception>
    public async Task<SafeTensorsContent?> InitialAsync(RunSpec spec) =>
        spec.Model.Initial is { } initial ? await InitialEncoder.ReadAsync(store, initial) : null;

    /// <summary>Writes a shard's file of a checkpoint to be. A store that fails is an answer, not an exception: the run goes on.</summary>
    public async Task<SnapshotReply> WriteAsync(
        string run, SnapshotShard snapshot, string name, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        try
        {
            var file = await Manifests(run).WriteFileAsync(
                snapshot.Version,
                snapshot.Writer,
                name,
                (stream, token) => SafeTensors.WriteAsync(stream, tensors, metadata, token));
            return new(ShardStatus.Ok, file.Name, file.Path, file.Bytes, file.Sha256);
        }
        catch (Exception fault) when (IsStoreFault(fault))
        {
            return new(ShardStatus.StoreFailed, name, "", 0, "", $"{name}: {fault.Message}");
        }
    }

    /// <summary>
    /// Has a shard load its state. What the store does to it is an answer, not an exception, whose type would be lost on the way to a
    /// run on another silo.
    /// </summary>
    public static async Task<ShardReply> LoadAsync(Func<Task<ShardReply>> load)
    {
        try
        {
            return await load();
        }
        catch (CheckpointCorruptedException fault)
        {
            return new(ShardStatus.Damaged, 0, fault.Message);
        }
        catch (Exception fault) when (IsStoreFault(fault))
        {
            return new(ShardStatus.StoreFailed, 0, fault.Message);
        }
    }

    /// <summary>Whether a failure is the store's: a full disk, a missing right, a service that does not answer.</summary>
    public static bool IsStoreFault(Exception fault) => fault is IOException or UnauthorizedAccessException or TimeoutException;

    /// <summary>Reads a shard's file of a checkpoint, and checks its hash.</summary>
    public async Task<SafeTensorsContent> ReadAsync(string run, long version, string name)
    {
        var manifests = Manifests(run);
        var manifest = await manifests.ReadAsync(version);
        return SafeTensors.Read(await manifests.ReadFileAsync(manifest, name), $"{run}, version {version}, {name}");
    }
}
