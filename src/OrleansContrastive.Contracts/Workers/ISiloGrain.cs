using Orleans;
using Orleans.Concurrency;

namespace OrleansContrastive.Contracts.Workers;

/// <summary>
/// A grain that belongs to one silo, which its key names. Only that silo's worker host wakes it; an activation
/// anywhere else fails.
/// </summary>
[Alias("oc.ISiloGrain")]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>Activates the grain on the silo of the caller.</summary>
    [AlwaysInterleave, Alias("Wake")]
    Task WakeAsync();
}
