using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything a message can be addressed to: a grain class and a reference to a grain alike.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>Marks an interface whose methods are calls to a virtual actor.</summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain whose identity within its class is a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>What the runtime asks of a grain class; <see cref="Grain"/> is the usual way to give it.</summary>
    public interface IGrainBase
    {
        /// <summary>The activation that holds this instance.</summary>
        IGrainContext GrainContext { get; }

        /// <summary>Runs before the first call; an exception here fails the activation and the calls that wait for it.</summary>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        /// <summary>Runs after the last call; best effort, not run when the process dies.</summary>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }
}
