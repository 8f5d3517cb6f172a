using Orleans;
using Orleans.Concurrency;

namespace OrleansContrastive.Contracts.Workers;

/// <summary>
/// A replica of the query encoder on one device lane. It leads: it takes leases, computes their gradients, stages
/// them and commits. Only its own silo's worker host calls it.
/// </summary>
[Alias("oc.IEncoderGrain")]
public interface IEncoderGrain : ISiloGrain
{
    /// <summary>Starts the loop, if it does not run.</summary>
    [AlwaysInterleave, Alias("Start")]
    Task StartAsync();

    /// <summary>Ends the loop after the attempt in hand, and waits for that.</summary>
    [AlwaysInterleave, Alias("Stop")]
    Task StopAsync();
}
