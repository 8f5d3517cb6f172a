namespace Orleans.Runtime;

/// <summary>A grain as others see it: each call becomes a message. Safe to share between threads and to put into messages.</summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    private readonly GrainInterface _interface;
    private readonly CallSender _sender;

    internal GrainReference(GrainInterface grainInterface, CallSender sender, GrainId grainId)
    {
        _interface = grainInterface;
        _sender = sender;
        GrainId = grainId;
    }

    /// <summary>The identity of the grain.</summary>
    public GrainId GrainId { get; }

    /// <summary>The interface of this reference.</summary>
    public GrainInterfaceType InterfaceType => _interface.Name;

    /// <summary>The name of the interface.</summary>
    public virtual string InterfaceName => _interface.Type.Name;

    /// <summary>A reference to the same grain by another of its interfaces.</summary>
    public virtual TGrainInterface Cast<TGrainInterface>() where TGrainInterface : IAddressable =>
        this is TGrainInterface same ? same : (TGrainInterface)(object)GrainInterface<TGrainInterface>.Instance.CreateReference(_sender, GrainId);

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId) && _interface.Name.Equals(other._interface.Name);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public override int GetHashCode() => GrainId.GetHashCode();

    /// <inheritdoc/>
    public sealed override string ToString() => $"GrainReference:{GrainId}:{_interface.Name}";

    /// <summary>The same grain.</summary>
    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) => Equals(reference1, reference2);

    /// <summary>Another grain.</summary>
    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !Equals(reference1, reference2);

    internal Task<TResult> Call<TArguments, TResult>(
        GrainMethod<TArguments, TResult> method, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : struct => _sender.Send(GrainId, method, arguments, cancellationToken);

    internal ValueTask<TResult> CallValueOf<TArguments, TResult>(
        GrainMethod<TArguments, TResult> method, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : struct => new(Call(method, arguments, cancellationToken));

    internal ValueTask CallValue<TArguments>(
        GrainMethod<TArguments, NoResult> method, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : struct => new(Call(method, arguments, cancellationToken));
}
