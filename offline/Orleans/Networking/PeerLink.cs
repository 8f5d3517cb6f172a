using Orleans.Runtime;

namespace Orleans.Networking;

/// <summary>The way to one silo: a connection that is opened when it is needed, and the calls that wait for that.</summary>
internal sealed class PeerLink(SiloAddress peer, Func<CancellationToken, Task<Connection>> open, TimeSpan retryDelay) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private List<Message> _waiting = [];
    private Task<Connection>? _opening;
    private Connection? _connection;
    private Exception? _lastFailure;
    private long _retryAt;
    private bool _isClosed;

    public SiloAddress Peer => peer;

    /// <summary>The connection, where it is open.</summary>
    public Connection? Connection => Volatile.Read(ref _connection) is { IsOpen: true } open ? open : null;

    /// <summary>Sends at once, or when the connection is open; fails the caller where it cannot be opened.</summary>
    public void Send(Message message)
    {
        if (Connection is { } connection)
        {
            connection.Send(message);
            return;
        }

        Exception? failure;
        lock (_gate)
        {
            failure = Unavailable();
            if (failure is null)
            {
                _waiting.Add(message);
                _ = OpenLocked();
                return;
            }
        }

        message.ReplyTo?.Fail(Refuse(message, failure));
    }

    /// <summary>The connection, opened where it is not.</summary>
    public Task<Connection> OpenAsync()
    {
        if (Connection is { } connection) return Task.FromResult(connection);
        lock (_gate)
        {
            return _isClosed
                ? Task.FromException<Connection>(_lastFailure ?? new SiloUnavailableException($"Silo {peer} is gone."))
                : OpenLocked();
        }
    }

    /// <summary>Closes for good: the silo is dead, or this host stops.</summary>
    public void Close(Exception reason)
    {
        List<Message> dropped;
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            _lastFailure = reason;
            dropped = _waiting;
            _waiting = [];
        }

        _closing.Cancel();
        Volatile.Read(ref _connection)?.Close(reason);
        foreach (var message in dropped) message.ReplyTo?.Fail(Refuse(message, reason));
    }

    public void Dispose() => Close(new SiloUnavailableException("This host stops."));

    // Shortly after a failure the next would fail too.
    private Exception? Unavailable() =>
        _isClosed || (_opening is null && Environment.TickCount64 < _retryAt) ? _lastFailure ?? new SiloUnavailableException() : null;

    private Task<Connection> OpenLocked()
    {
        if (_opening is not null) return _opening;
        // A connection outlives the call that opened it, so it takes nothing of that call's context along.
        if (ExecutionContext.IsFlowSuppressed()) return _opening = Task.Run(OpenNowAsync);
        using (ExecutionContext.SuppressFlow()) return _opening = Task.Run(OpenNowAsync);
    }

    private async Task<Connection> OpenNowAsync()
    {
        Connection? opened = null;
        Exception? failure = null;
        try
        {
            opened = await open(_closing.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        List<Message> waiting;
        bool isClosed;
        lock (_gate)
        {
            _opening = null;
            isClosed = _isClosed;
            Volatile.Write(ref _connection, opened);
            // Whoever waits hears why the link was closed, not that the attempt was cancelled.
            if (isClosed) failure = _lastFailure;
            if (failure is not null)
            {
                _lastFailure = failure;
                _retryAt = Environment.TickCount64 + (long)retryDelay.TotalMilliseconds;
            }

            waiting = _waiting;
            _waiting = [];
        }

        if (isClosed) opened?.Close(failure!);

        foreach (var message in waiting)
        {
            if (failure is null) opened!.Send(message);
            else message.ReplyTo?.Fail(Refuse(message, failure));
        }

        return failure is null ? opened! : throw failure;
    }

    private SiloUnavailableException Refuse(Message message, Exception reason) =>
        new($"Silo {peer} cannot be reached for {message}. {reason.Message}", reason);
}
