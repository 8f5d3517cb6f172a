using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Membership;
using Orleans.Runtime;

namespace Orleans.Networking;

/// <summary>The ways to the other silos. Thread-safe.</summary>
internal sealed class Peers(
    Dialer dialer, ClusterMembership membership, ClusterTypes types, HostedClasses hosted, IOptions<ClusterOptions> cluster,
    IOptions<ConnectionOptions> options) : IDisposable
{
    private readonly ConcurrentDictionary<SiloAddress, PeerLink> _links = new();
    private readonly ConcurrentDictionary<SiloAddress, Connection> _incoming = new();
    private bool _isClosed;

    /// <summary>Set before the first connection: what connections need, and who serves what arrives on them.</summary>
    public (ConnectionContext Context, IConnectionHandler Handler)? Wiring { private get; set; }

    /// <summary>The way to a silo; closed at once where it is dead.</summary>
    public PeerLink For(SiloAddress silo)
    {
        if (_links.TryGetValue(silo, out var known)) return known;
        var link = _links.GetOrAdd(silo, it => new PeerLink(it, token => OpenAsync(it, token), options.Value.ConnectionRetryDelay));
        if (_isClosed) link.Dispose();
        else if (membership.View.IsDead(silo)) link.Close(Dead(silo));
        return link;
    }

    /// <summary>A silo opened a connection here.</summary>
    public void Came(Connection connection) => _incoming[connection.Peer] = connection;

    /// <summary>When something last arrived from a silo, by whoever's connection; 0 where none is open.</summary>
    public long LastReceivedFrom(SiloAddress silo) => Math.Max(
        _links.TryGetValue(silo, out var link) && link.Connection is { } outgoing ? outgoing.LastReceived : 0,
        _incoming.TryGetValue(silo, out var incoming) && incoming.IsOpen ? incoming.LastReceived : 0);

    /// <summary>Closes the ways to silos that are dead now, so that calls on them fail and others are not begun.</summary>
    public void CloseDead(ClusterView view)
    {
        foreach (var (silo, link) in _links)
        {
            if (!view.IsDead(silo)) continue;
            link.Close(Dead(silo));
            _incoming.TryRemove(silo, out _);
            types.Remove(silo);
        }
    }

    public Task FlushAsync() => Task.WhenAll(_links.Values.Select(link => link.Connection?.FlushAsync() ?? Task.CompletedTask));

    public void Dispose()
    {
        _isClosed = true;
        foreach (var (_, link) in _links) link.Dispose();
    }

    private static SiloUnavailableException Dead(SiloAddress silo) => new($"Silo {silo} is dead by the membership table.");

    private async Task<Connection> OpenAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        var (context, handler) = Wiring ?? throw new SiloUnavailableException("This host does not run yet.");
        var hello = new Hello(cluster.Value.ClusterId, cluster.Value.ServiceId, membership.Me, silo);
        var (transport, welcome) = await dialer.OpenAsync(silo.Endpoint, hello, hosted.Descriptions, cancellationToken).ConfigureAwait(false);
        types.Set(silo, welcome.Classes);
        var connection = new Connection(transport, silo, context, handler);
        connection.Start();
        return connection;
    }
}
