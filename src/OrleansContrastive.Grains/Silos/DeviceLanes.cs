using OrleansContrastive.Learning.Devices;

namespace OrleansContrastive.Grains.Silos;

/// <summary>
/// The threads that may touch tensors on this silo: one per lane for encoders and key encoders (a GPU is one lane, a
/// CPU as many as asked for), and one for the shards.
/// </summary>
public sealed class DeviceLanes : IAsyncDisposable
{
    /// <summary>Takes over the executors.</summary>
    /// <exception cref="ArgumentException">There is no lane.</exception>
    public DeviceLanes(IReadOnlyList<DeviceExecutor> lanes, DeviceExecutor shards)
    {
        if (lanes.Count == 0) throw new ArgumentException("A silo needs at least one device lane.", nameof(lanes));
        Lanes = lanes;
        Shards = shards;
    }

    /// <summary>For encoders, key encoders and evaluation.</summary>
    public IReadOnlyList<DeviceExecutor> Lanes { get; }

    /// <summary>For store and parameter shards.</summary>
    public DeviceExecutor Shards { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in Lanes) await lane.DisposeAsync();
        await Shards.DisposeAsync();
    }
}
