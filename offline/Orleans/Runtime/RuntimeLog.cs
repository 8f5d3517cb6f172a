using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>What the runtime writes to the log.</summary>
internal sealed partial class RuntimeLog(ILogger<RuntimeLog> logger)
{
    [LoggerMessage(1, LogLevel.Information, "Silo {Name} at {Address} of cluster {Cluster} started and hosts {Classes}.")]
    public partial void SiloStarted(string name, SiloAddress address, string cluster, GrainClasses classes);

    [LoggerMessage(2, LogLevel.Information, "Silo {Address} stopped.")]
    public partial void SiloStopped(SiloAddress address);

    [LoggerMessage(3, LogLevel.Error, "Grain {Grain} could not be activated.")]
    public partial void ActivationFailed(Exception exception, GrainId grain);

    [LoggerMessage(4, LogLevel.Error, "Grain {Grain} failed while it was deactivated.")]
    public partial void DeactivationFailed(Exception exception, GrainId grain);

    [LoggerMessage(5, LogLevel.Warning, "A timer of grain {Grain} failed; it goes on.")]
    public partial void TimerFailed(Exception exception, GrainId grain);

    [LoggerMessage(6, LogLevel.Error, "A turn of grain {Grain} failed outside of any call.")]
    public partial void TurnFailed(Exception exception, GrainId grain);

    [LoggerMessage(7, LogLevel.Error, "Storage failed during {Operation} of state {State} of grain {Grain}.")]
    public partial void StorageFailed(Exception exception, string operation, string state, GrainId grain);

    [LoggerMessage(8, LogLevel.Warning, "The membership table could not be told that {Address} lives.")]
    public partial void AliveFailed(Exception exception, SiloAddress address);
}
