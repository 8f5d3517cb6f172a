using Orleans.Runtime;

namespace Orleans;

/// <summary>
/// Base class of grain classes. Its members may be used from the grain's own turns only: every turn of one activation
/// runs alone, and continuations of <c>await</c> come back to it.
/// </summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation _activation;

    /// <summary>Created by the runtime, inside the activation it will belong to.</summary>
    /// <exception cref="InvalidOperationException">Nobody activates: the class was instantiated by hand.</exception>
    protected Grain()
    {
        _activation = RuntimeContext.Current ?? throw new InvalidOperationException(
            $"{GetType()} was created outside of an activation; grains are created by the runtime, through IGrainFactory.GetGrain.");
    }

    /// <inheritdoc/>
    public IGrainContext GrainContext => _activation;

    /// <summary>A reference to this grain that may be given to others.</summary>
    public GrainReference GrainReference => _activation.GrainReference;

    /// <summary>The grain's identity as text.</summary>
    public string IdentityString => _activation.GrainId.ToString();

    /// <summary>The silo that holds this activation, as text.</summary>
    public string RuntimeIdentity => _activation.Silo.Details.SiloAddress.ToString();

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => _activation.Silo.GrainFactory;

    /// <summary>The services of this activation (its own scope).</summary>
    protected internal IServiceProvider ServiceProvider => _activation.ActivationServices;

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Deactivates after the calls that now run; calls that wait go to the next activation.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Keeps idle collection away for at least <paramref name="timeSpan"/>; a negative span takes that back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => _activation.DelayDeactivation(timeSpan);
}
