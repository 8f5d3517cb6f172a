using Orleans.Runtime;

namespace Orleans;

/// <summary>Makes references to grains. A reference is cheap, needs no call, and never says whether the grain is active.</summary>
public interface IGrainFactory
{
    /// <summary>A reference to the grain of the one class that implements <typeparamref name="TGrainInterface"/>.</summary>
    /// <exception cref="ArgumentException">No class, or more than one, implements the interface on any silo.</exception>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;

    /// <summary>A reference to the grain of this identity.</summary>
    TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable;

    /// <inheritdoc cref="GetGrain{TGrainInterface}(string, string?)"/>
    IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey);
}

/// <summary>Calls grains from outside of them.</summary>
public interface IClusterClient : IGrainFactory
{
    /// <summary>The services of the host that holds this client.</summary>
    IServiceProvider ServiceProvider { get; }
}
