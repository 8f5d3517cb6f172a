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

    [LoggerMessage(9, LogLevel.Warning, "{Address} could not read or write the membership table.")]
    public partial void TableUnreadable(Exception exception, SiloAddress address);

    [LoggerMessage(10, LogLevel.Warning, "Silo {Silo} was declared dead by {By}: {Reason}.")]
    public partial void DeclaredDead(SiloAddress silo, SiloAddress by, string reason);

    [LoggerMessage(11, LogLevel.Warning, "Silo {Silo} is suspected by {By}: {Reason}.")]
    public partial void Suspected(SiloAddress silo, SiloAddress by, string reason);

    [LoggerMessage(12, LogLevel.Critical, "Silo {Address} reads in the membership table that it is dead ({Why}) and ends.")]
    public partial void IsDead(SiloAddress address, string why);

    [LoggerMessage(13, LogLevel.Warning, "Silo {Address} was too busy to probe the others in time.")]
    public partial void Late(SiloAddress address);

    [LoggerMessage(14, LogLevel.Error, "The failure detector of {Address} failed; it goes on.")]
    public partial void DetectorFailed(Exception exception, SiloAddress address);

    [LoggerMessage(15, LogLevel.Warning, "{Peer} at {Remote} sent what is no message; the connection is closed.")]
    public partial void BadFrame(Exception exception, SiloAddress peer, string remote);

    [LoggerMessage(16, LogLevel.Debug, "{Call} told by {Peer} was lost.")]
    public partial void WordLost(Exception exception, Networking.SystemCall call, SiloAddress peer);

    [LoggerMessage(17, LogLevel.Warning, "A connection at {Endpoint} could not be accepted.")]
    public partial void AcceptFailed(Exception exception, System.Net.IPEndPoint endpoint);

    [LoggerMessage(18, LogLevel.Warning, "The handshake with {Remote} failed: {Reason}")]
    public partial void HandshakeFailed(string reason, string remote);

    [LoggerMessage(25, LogLevel.Debug, "{Remote} hung up before it said who it is.")]
    public partial void HungUp(string remote);

    [LoggerMessage(19, LogLevel.Warning, "Grain {Grain} was active twice; the activation on {Silo} ends.")]
    public partial void DuplicateFound(GrainId grain, SiloAddress silo);

    [LoggerMessage(20, LogLevel.Debug, "The directory could not be told that grain {Grain} is no longer active.")]
    public partial void UnregisterFailed(Exception exception, GrainId grain);

    [LoggerMessage(21, LogLevel.Information, "Silo {Address} waits for {Missing} to be reachable or declared dead.")]
    public partial void WaitsForPeers(SiloAddress address, string missing);

    [LoggerMessage(22, LogLevel.Warning, "Gateway {Gateway} cannot be entered: {Reason}")]
    public partial void GatewayFailed(string gateway, string reason);

    [LoggerMessage(23, LogLevel.Warning, "The list of gateways could not be read.")]
    public partial void GatewayListFailed(Exception exception);

    [LoggerMessage(24, LogLevel.Information, "The cluster: {View}")]
    public partial void ViewChanged(Membership.ClusterView view);
}
