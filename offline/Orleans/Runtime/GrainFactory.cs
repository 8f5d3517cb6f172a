namespace Orleans.Runtime;

/// <summary>Makes references that send through one host.</summary>
internal sealed class ReferenceFactory(CallSender sender)
{
    public GrainReference Create(Type interfaceType, GrainId grainId) => GrainInterface.Of(interfaceType).CreateReference(sender, grainId);

    public T Create<T>(GrainId grainId) => (T)(object)GrainInterface<T>.Instance.CreateReference(sender, grainId);
}

/// <summary>References by interface and key.</summary>
internal sealed class GrainFactory(ReferenceFactory references, IGrainTypeResolver types, IServiceProvider services) : IClusterClient
{
    public IServiceProvider ServiceProvider => services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return references.Create<TGrainInterface>(GrainId.Create(types.Resolve(typeof(TGrainInterface), grainClassNamePrefix), primaryKey));
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable =>
        references.Create<TGrainInterface>(grainId);

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(grainPrimaryKey);
        return (IGrain)references.Create(grainInterfaceType, GrainId.Create(types.Resolve(grainInterfaceType, null), grainPrimaryKey));
    }
}
