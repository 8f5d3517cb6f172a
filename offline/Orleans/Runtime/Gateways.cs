using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Networking;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// The gateways that a client is connected to. All of the list are held; each grain's calls go by one of them, so that they stay in
/// order; a gateway that closes is replaced, and asked for again later. Thread-safe.
/// </summary>
internal sealed class Gateways : IConnectionHandler, IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    // A gateway whose process hangs closes nothing: it is asked now and then whether it is there.
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly SemaphoreSlim _hurry = new(0);
    private readonly HashSet<Connection> _leaving = [];
    private readonly ConcurrentDictionary<Connection, bool> _probed = new();
    private readonly IGatewayListProvider _list;
    private readonly Dialer _dialer;
    private readonly ClusterTypes _types;
    private readonly ClusterOptions _cluster;
    private readonly GatewayOptions _options;
    private readonly ConnectionContext _context;
    private readonly RuntimeLog _log;
    private readonly SiloAddress _me = SiloAddress.New(System.Net.IPAddress.Loopback, 0, -SiloAddress.AllocateNewGeneration());
    private volatile Connection[] _open = [];
    private bool _isComplete;

    public Gateways(
        IGatewayListProvider list, Dialer dialer, ClusterTypes types, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> options,
        IOptions<ClientMessagingOptions> messaging, MessageCodec codec, RuntimeLog log)
    {
        _list = list;
        _dialer = dialer;
        _types = types;
        _cluster = cluster.Value;
        _options = options.Value;
        _context = new ConnectionContext(codec, log, messaging.Value.MaxMessageBodySize);
        _log = log;
    }

    /// <summary>The gateway for a grain's calls; null where none is connected.</summary>
    public Connection? For(GrainId grain)
    {
        var open = _open;
        return open.Length == 0 ? null : open[grain.GetUniformHashCode() % open.Length];
    }

    /// <summary>Connects for the first time.</summary>
    /// <exception cref="ConnectionFailedException">No gateway of the list can be entered.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _list.InitializeGatewayListProvider().ConfigureAwait(false);
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        _ = Task.Run(MaintainAsync, CancellationToken.None);
        _ = Task.Run(WatchAsync, CancellationToken.None);
    }

    /// <summary>Reads the list and connects to those that are missing.</summary>
    /// <exception cref="ConnectionFailedException">No gateway of the list can be entered.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var listed = (await _list.GetGateways().ConfigureAwait(false))
                .Select(uri => uri.ToGatewayAddress()).OfType<SiloAddress>().Distinct().ToArray();
            var missing = listed.Where(gateway => _open.All(connection => !IsAt(connection, gateway))).ToArray();
            var failures = (await Task.WhenAll(missing.Select(gateway => OpenAsync(gateway, cancellationToken))).ConfigureAwait(false))
                .OfType<Exception>().ToArray();
            _isComplete = failures.Length == 0 && listed.Length > 0;
            if (_open.Length > 0) return;
            throw new ConnectionFailedException(
                $"Could not connect to any gateway of cluster \"{_cluster.ClusterId}\": "
                + (listed.Length == 0 ? "none is known." : string.Join(" ", failures.Select(failure => failure.Message))),
                failures.FirstOrDefault()!);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public void Dispose()
    {
        _closing.Cancel();
        foreach (var connection in _open) connection.Dispose();
    }

    public void OnRequest(Connection connection, Message message) =>
        message.ReplyTo?.Fail(new OrleansMessageRejectionException($"A client hosts no grains: {message}"));

    public Task<byte[]?> OnSystemAsync(Connection connection, SystemCall call, byte[] arguments)
    {
        switch (call)
        {
            case SystemCall.Classes:
                using (var reader = new BinaryReader(new MemoryStream(arguments))) _types.Learn(ClassDescription.ReadAll(reader));
                break;
            case SystemCall.Leaving:
                // It still answers what it was asked; only new calls go elsewhere.
                lock (_gate)
                {
                    _leaving.Add(connection);
                    _open = [.. _open.Where(it => it != connection)];
                }

                _hurry.Release();
                break;
        }

        return Task.FromResult<byte[]?>(null);
    }

    public void OnClosed(Connection connection, Exception reason)
    {
        lock (_gate)
        {
            _leaving.Remove(connection);
            _open = [.. _open.Where(it => it != connection)];
        }

        _isComplete = false;
        if (_closing.IsCancellationRequested) return;
        _log.GatewayFailed(connection.ToString(), reason.Message);
        _hurry.Release();
    }

    private static bool IsAt(Connection connection, SiloAddress gateway) =>
        connection.IsOpen && connection.Peer.Endpoint.Equals(gateway.Endpoint)
        && (gateway.Generation == 0 || connection.Peer.Generation == 0 || connection.Peer.Generation == gateway.Generation);

    private async Task<Exception?> OpenAsync(SiloAddress gateway, CancellationToken cancellationToken)
    {
        try
        {
            var hello = new Hello(_cluster.ClusterId, _cluster.ServiceId, _me, null);
            var (transport, welcome) = await _dialer.OpenAsync(gateway.Endpoint, hello, [], cancellationToken).ConfigureAwait(false);
            _types.Learn(welcome.Classes);
            // Known by the gateway's endpoint, and by the generation of the silo that answered.
            var connection = new Connection(transport, SiloAddress.New(gateway.Endpoint, welcome.Silo.Generation), _context, this);
            lock (_gate) _open = [.. _open, connection];
            connection.Start();
            if (_closing.IsCancellationRequested) connection.Dispose();
            return null;
        }
        catch (OrleansException exception)
        {
            _log.GatewayFailed(gateway.ToString(), exception.Message);
            return exception;
        }
    }

    private async Task MaintainAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await _hurry.WaitAsync(_isComplete ? Staleness() : RetryPause, _closing.Token).ConfigureAwait(false);
                await RefreshAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (ConnectionFailedException)
            {
                // Calls say so to their callers; here it is tried again.
                await Task.Delay(RetryPause).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                _log.GatewayListFailed(exception);
                await Task.Delay(RetryPause).ConfigureAwait(false);
            }
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(ProbePeriod, _closing.Token).ConfigureAwait(false);
                var silentSince = Environment.TickCount64 - (long)ProbePeriod.TotalMilliseconds;
                foreach (var connection in _open)
                    if (connection.LastReceived < silentSince && _probed.TryAdd(connection, true)) _ = ProbeAsync(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The client is closed.
        }
    }

    private async Task ProbeAsync(Connection connection)
    {
        try
        {
            await connection.AskAsync(SystemCall.Probe, [], ProbePatience, _closing.Token).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            // Late by itself, or busy with a large part: what arrived meanwhile is a sign, too.
            if (Environment.TickCount64 - connection.LastReceived >= ProbePatience.TotalMilliseconds)
                connection.Close(new SiloUnavailableException($"Gateway {connection} did not answer within {ProbePatience}.", exception));
        }
        catch (Exception exception) when (exception is OrleansException or OperationCanceledException)
        {
            // It is closed, or the client is.
        }
        finally
        {
            _probed.TryRemove(connection, out _);
        }
    }

    private TimeSpan Staleness() => _list.MaxStaleness > TimeSpan.Zero && _list.MaxStaleness < _options.GatewayListRefreshPeriod
        ? _list.MaxStaleness
        : _options.GatewayListRefreshPeriod;
}
