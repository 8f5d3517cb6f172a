using Orleans.Runtime;

namespace Orleans;

/// <summary>Identity of a grain, asked of its instance or of a reference to it.</summary>
public static class GrainExtensions
{
    /// <summary>The identity of the grain behind <paramref name="grain"/>.</summary>
    /// <exception cref="ArgumentException">It is neither a grain nor a reference to one.</exception>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        IGrainBase instance => instance.GrainContext.GrainId,
        GrainReference reference => reference.GrainId,
        _ => throw new ArgumentException($"Expected a grain or a reference to one, found {grain?.GetType().ToString() ?? "null"}.", nameof(grain)),
    };

    /// <summary>The string key of the grain behind <paramref name="grain"/>.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>A reference to the same grain by another of its interfaces.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => grain switch
    {
        Grain instance => (TGrainInterface)(object)((Activation)instance.GrainContext).Silo.References.Create(
            typeof(TGrainInterface), instance.GrainContext.GrainId),
        GrainReference reference => reference.Cast<TGrainInterface>(),
        _ => throw new ArgumentException($"Expected a grain or a reference to one, found {grain?.GetType().ToString() ?? "null"}.", nameof(grain)),
    };

    /// <summary>A reference to the same grain by another of its interfaces.</summary>
    public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) => grain.AsReference<TGrainInterface>();
}
