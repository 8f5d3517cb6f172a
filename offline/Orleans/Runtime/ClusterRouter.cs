using Orleans.Configuration;
using Orleans.Directory;
using Orleans.Membership;
using Orleans.Networking;

namespace Orleans.Runtime;

/// <summary>Brings messages to the activations they are for, here or on other silos; decides where a new activation begins.</summary>
internal sealed class ClusterRouter(
    Catalog catalog, GrainDirectory directory, ClusterMembership membership, ClusterTypes types, Peers peers, GrainClasses hosted,
    SiloMessagingOptions options) : IMessageRouter
{
    public void Send(Message message)
    {
        try
        {
            if (catalog.Find(message.Target) is { } activation) activation.Receive(message);
            else if (directory.TryFindNow(message.Target, out var silo)) SendTo(silo ?? Place(message.Target), message);
            else _ = FindAndSendAsync(message);
        }
        catch (Exception exception)
        {
            message.ReplyTo?.Fail(exception);
        }
    }

    /// <summary>Takes a message that another silo sent here: it knows, or decided, that the grain is here.</summary>
    public void Receive(Message message)
    {
        try
        {
            if (catalog.Find(message.Target) is { } activation) activation.Receive(message);
            else if (hosted.Find(message.Target.Type) is not null && !catalog.IsStopping) catalog.GetOrCreate(message.Target).Receive(message);
            else Send(message);
        }
        catch (Exception exception)
        {
            message.ReplyTo?.Fail(exception);
        }
    }

    public void Cancel(Message message) => message.Cancel();

    private async Task FindAndSendAsync(Message message)
    {
        try
        {
            var silo = await directory.FindAsync(message.Target, () => !message.IsExpired && !catalog.IsDisposed).ConfigureAwait(false);
            SendTo(silo ?? Place(message.Target), message);
        }
        catch (Exception exception)
        {
            message.ReplyTo?.Fail(exception);
        }
    }

    private void SendTo(SiloAddress silo, Message message)
    {
        if (silo.Equals(membership.Me))
        {
            catalog.GetOrCreate(message.Target).Receive(message);
            return;
        }

        if (message.ReplyTo is Connection.Answer { Connection.Peer.IsClient: false } origin)
        {
            if (++message.Hops > options.MaxForwardCount)
            {
                directory.Forget(message.Target);
                throw new OrleansMessageRejectionException(
                    $"Forwarded {message.Hops - 1} times from silo to silo without finding {message.Target}: {message}");
            }

            origin.Connection.Tell(SystemCall.Moved, DirectoryMessages.Write(new Registration(message.Target, silo, 0)));
        }

        peers.For(silo).Send(message);
    }

    private SiloAddress Place(GrainId grain)
    {
        var view = membership.View;
        var hosts = types.HostsOf(grain.Type).Where(view.IsActive).ToArray();
        if (hosts.Length == 0)
        {
            if (!view.IsActive(membership.Me)) throw new SiloUnavailableException($"Silo {membership.Me} stops and does not activate {grain}.");
            throw new OrleansException($"No active silo is compatible with grain {grain}: its class is hosted by none of {view}.");
        }

        return types.Find(grain.Type)!.PrefersLocal && hosts.Contains(membership.Me) ? membership.Me : hosts[Random.Shared.Next(hosts.Length)];
    }
}
