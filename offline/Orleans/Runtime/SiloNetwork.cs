using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Directory;
using Orleans.Membership;
using Orleans.Networking;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// The sockets of a silo: one endpoint for other silos, one for clients; and who answers on them. Connections that silos open here
/// carry their calls, those that this silo opens (see <see cref="Peers"/>) carry its own.
/// </summary>
internal sealed class SiloNetwork : IConnectionHandler, IDisposable
{
    private readonly ConcurrentDictionary<Connection, bool> _incoming = new();
    private readonly Silo _silo;
    private readonly ClusterMembership _membership;
    private readonly FailureDetector _detector;
    private readonly ClusterOptions _cluster;
    private readonly NetworkSecurityOptions _security;
    private readonly ConnectionContext _context;
    private readonly ConnectionListener _siloListener;
    private readonly ConnectionListener? _gatewayListener;
    private volatile bool _isGatewayOpen;

    public SiloNetwork(
        Silo silo, ClusterMembership membership, FailureDetector detector, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints,
        IOptions<NetworkSecurityOptions> security, IOptions<ConnectionOptions> connections, IOptions<SiloMessagingOptions> messaging,
        MessageCodec codec)
    {
        _silo = silo;
        _membership = membership;
        _detector = detector;
        _cluster = cluster.Value;
        _security = security.Value;
        _context = new ConnectionContext(codec, silo.Log, messaging.Value.MaxMessageBodySize);
        var where = endpoints.Value;
        var timeout = connections.Value.OpenConnectionTimeout;
        _siloListener = new ConnectionListener(
            where.SiloListeningEndpoint ?? new IPEndPoint(where.AdvertisedIPAddress, where.SiloPort), _security, timeout, silo.Log);
        if (where.GatewayPort != 0)
        {
            _gatewayListener = new ConnectionListener(
                where.GatewayListeningEndpoint ?? new IPEndPoint(where.AdvertisedIPAddress, where.GatewayPort), _security, timeout, silo.Log);
        }

        silo.Peers.Wiring = (_context, this);
        silo.Types.Changed += TellClasses;
    }

    private IEnumerable<Connection> Clients => _incoming.Keys.Where(connection => connection.Peer.IsClient);

    /// <summary>Takes both endpoints, and lets silos in.</summary>
    public void Bind()
    {
        _siloListener.Bind();
        _gatewayListener?.Bind();
        _siloListener.Start((transport, token) => AcceptAsync(transport, isGateway: false, token));
    }

    /// <summary>Lets clients in.</summary>
    public void OpenGateway()
    {
        _isGatewayOpen = true;
        _gatewayListener?.Start((transport, token) => AcceptAsync(transport, isGateway: true, token));
    }

    /// <summary>Sends clients elsewhere; what they asked is still answered.</summary>
    public void LeaveGateway()
    {
        _isGatewayOpen = false;
        _gatewayListener?.Dispose();
        foreach (var client in Clients) client.Tell(SystemCall.Leaving, []);
    }

    /// <summary>Completes when all calls that came in are answered and the answers have left.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        foreach (var connection in _incoming.Keys)
        {
            await connection.WhenIdleAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            await connection.FlushAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        await _silo.Peers.FlushAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes connections that dead silos opened.</summary>
    public void CloseDead(ClusterView view)
    {
        foreach (var connection in _incoming.Keys)
            if (view.IsDead(connection.Peer)) connection.Close(new SiloUnavailableException($"Silo {connection.Peer} is dead by the membership table."));
    }

    public void Dispose()
    {
        _silo.Types.Changed -= TellClasses;
        _siloListener.Dispose();
        _gatewayListener?.Dispose();
        foreach (var connection in _incoming.Keys) connection.Dispose();
    }

    public void OnRequest(Connection connection, Message message)
    {
        if (connection.Peer.IsClient) _silo.Router.Send(message);
        else _silo.Router.Receive(message);
    }

    public async Task<byte[]?> OnSystemAsync(Connection connection, SystemCall call, byte[] arguments)
    {
        if (call == SystemCall.Probe) return null;
        if (connection.Peer.IsClient) throw new OrleansException($"A client may not ask {call}.");
        switch (call)
        {
            case SystemCall.TableChanged:
                await _membership.RefreshAsync(DirectoryMessages.ReadVersion(arguments)).ConfigureAwait(false);
                return null;
            case SystemCall.Find or SystemCall.Register or SystemCall.Unregister or SystemCall.Recover or SystemCall.EndDuplicate or SystemCall.Moved:
                return await _silo.Directory.AnswerAsync(connection.Peer, call, arguments).ConfigureAwait(false);
            default:
                throw new OrleansException($"There is no operation {(byte)call}.");
        }
    }

    public void OnClosed(Connection connection, Exception reason)
    {
        var wasIncoming = _incoming.TryRemove(connection, out _);
        if (!wasIncoming || !connection.Peer.IsClient) _detector.OnBroken(connection.Peer);
    }

    private async Task AcceptAsync(ITransport transport, bool isGateway, CancellationToken cancellationToken)
    {
        var (hello, classes) = await Handshake.AcceptAsync(
            transport, it => Judge(it, isGateway), Greet, _security.SharedSecret, cancellationToken).ConfigureAwait(false);
        if (!isGateway)
        {
            _silo.Types.Set(hello.From, classes);
            if (_membership.View.StatusOf(hello.From) == SiloStatus.None) _ = _membership.RefreshQuietlyAsync();
        }

        var connection = new Connection(transport, hello.From, _context, this);
        _incoming[connection] = true;
        if (!isGateway) _silo.Peers.Came(connection);
        connection.Start();
        // It may have been declared dead, or the gateway closed, during the handshake.
        if (_membership.View.IsDead(hello.From) || (isGateway && !_isGatewayOpen)) connection.Dispose();
    }

    private Welcome Greet(Hello hello) => new(_membership.Me, hello.IsClient ? _silo.Types.All : _silo.Hosted.Descriptions);

    private (Refusal Refusal, string Reason) Judge(Hello hello, bool isGateway)
    {
        if (hello.ClusterId != _cluster.ClusterId || hello.ServiceId != _cluster.ServiceId)
        {
            return (Refusal.Foreign,
                $"Silo {_membership.Me} is of cluster \"{_cluster.ClusterId}\", service \"{_cluster.ServiceId}\"; "
                + $"{hello.From} is of cluster \"{hello.ClusterId}\", service \"{hello.ServiceId}\".");
        }

        if (hello.IsClient != isGateway)
        {
            return (Refusal.Foreign, isGateway
                ? $"This is the gateway of {_membership.Me}, for clients: silo {hello.From} has the wrong port."
                : $"This is the silo port of {_membership.Me}: clients enter by its gateway.");
        }

        if (isGateway) return _isGatewayOpen ? default : (Refusal.NotServing, $"The gateway of {_membership.Me} is closed.");
        if (hello.To is not null && !hello.To.Equals(_membership.Me))
            return (Refusal.WrongGeneration, $"{hello.To} is not here any more: {_membership.Me} serves at its endpoint.");
        return _membership.View.IsDead(hello.From) ? (Refusal.Dead, $"{hello.From} is dead by the membership table.") : default;
    }

    private void TellClasses()
    {
        if (Clients.ToArray() is not { Length: > 0 } clients) return;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        ClassDescription.WriteAll(writer, _silo.Types.All);
        foreach (var client in clients) client.Tell(SystemCall.Classes, stream.ToArray());
    }
}
