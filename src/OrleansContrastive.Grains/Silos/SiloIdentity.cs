using Orleans.Runtime;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Silos;

/// <summary>Who this silo is to the runs.</summary>
/// <param name="Name">Its name, which is part of the keys of its grains.</param>
/// <param name="Roles">What it offers.</param>
public sealed record SiloIdentity(string Name, WorkerRoles Roles)
{
    /// <summary>Refuses to host a grain that belongs to another silo.</summary>
    /// <exception cref="SiloUnavailableException">The key names another silo: it has left, or the caller's view is an old one.</exception>
    public GrainPlace Host(string key)
    {
        var place = GrainKeys.Parse(key);
        return place.Silo == Name
            ? place
            : throw new SiloUnavailableException($"Grain '{key}' belongs to silo '{place.Silo}' and was called into '{Name}'.");
    }
}
