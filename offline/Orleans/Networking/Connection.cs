using System.Buffers;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Networking;

/// <summary>Serves what arrives on connections.</summary>
internal interface IConnectionHandler
{
    /// <summary>A call of a grain arrived.</summary>
    void OnRequest(Connection connection, Message message);

    /// <summary>A question of the runtime arrived; null where it wants no answer.</summary>
    Task<byte[]?> OnSystemAsync(Connection connection, SystemCall call, byte[] arguments);

    /// <summary>The connection is gone; its calls were failed.</summary>
    void OnClosed(Connection connection, Exception reason);
}

/// <summary>
/// One connection to a silo or a client, after its handshake. The side that opened it makes calls; the other answers, and sends
/// word of its own. Its parts: frames here, calls that go out in Connection.Outgoing.cs, calls that come in in Connection.Incoming.cs.
/// </summary>
internal sealed partial class Connection : IRoute, IDisposable
{
    private readonly ITransport _transport;
    private readonly MessageCodec _codec;
    private readonly IConnectionHandler _handler;
    private readonly RuntimeLog _log;
    private readonly long _longest;
    private readonly FrameReader _reader;
    private readonly SendQueue _sending;
    private readonly CancellationTokenSource _closing = new();
    private int _isClosed;

    /// <param name="transport">The bytes; belongs to the connection from now on.</param>
    /// <param name="peer">Who is at the other end.</param>
    /// <param name="context">What all connections of a host share.</param>
    /// <param name="handler">Serves what arrives.</param>
    public Connection(ITransport transport, SiloAddress peer, ConnectionContext context, IConnectionHandler handler)
    {
        _transport = transport;
        _codec = context.Codec;
        _log = context.Log;
        _longest = context.LongestFrame;
        _handler = handler;
        _reader = new FrameReader(transport, context.LongestFrame);
        _sending = new SendQueue(transport, Close);
        Peer = peer;
    }

    public SiloAddress Peer { get; }

    public string Remote => _transport.Remote;

    public bool IsOpen => Volatile.Read(ref _isClosed) == 0;

    /// <summary>When something last arrived, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long LastReceived => _reader.LastReceived;

    /// <summary>Begins to receive.</summary>
    public void Start() => BlockingThread.Start($"receive {Peer}", () => _ = ReceiveAsync());

    /// <summary>Completes when what was queued until now has left.</summary>
    public Task FlushAsync() => _sending.DrainAsync();

    public void Dispose() => Close(new ObjectDisposedException(nameof(Connection), "This host closed the connection."));

    /// <summary>Ends the connection and fails the calls that wait for it.</summary>
    public void Close(Exception reason)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        _closing.Cancel();
        _sending.Close();
        _transport.Dispose();
        FailAll(reason);
        lock (_incomingGate) _idle?.TrySetResult();
        _handler.OnClosed(this, reason);
    }

    public override string ToString() => $"{Peer} ({Remote})";

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _reader.ReadAsync(_closing.Token).ConfigureAwait(false) is { } frame) Receive(frame);
            Close(new EndOfStreamException($"{Peer} closed the connection."));
        }
        catch (Exception exception)
        {
            if (exception is InvalidDataException or InvalidMessageFrameException) _log.BadFrame(exception, Peer, Remote);
            Close(exception);
        }
    }

    private void Receive(Frame frame)
    {
        var (kind, callId) = Envelope.ReadStart(frame.Head.Span);
        var rest = frame.Head[Envelope.StartLength..];
        switch (kind)
        {
            case FrameKind.Request: ReceiveRequest(callId, rest, frame.Payloads); break;
            case FrameKind.Result or FrameKind.Failure: ReceiveResponse(callId, rest, frame.Payloads); break;
            case FrameKind.Cancel: FindIncoming(callId)?.Cancel(); break;
            case FrameKind.Abandon: ReceiveAbandon(callId); break;
            case FrameKind.System: ReceiveSystem(callId, rest.Span); break;
            case FrameKind.SystemReply or FrameKind.SystemFailure: ReceiveSystemReply(kind, callId, rest.Span); break;
            default: throw new InvalidDataException($"expected a kind of frame from 1 to {(int)FrameKind.SystemFailure}, found {(byte)kind}");
        }
    }

    private bool SendSmall(FrameKind kind, long callId, ReadOnlySpan<byte> rest = default)
    {
        var frame = FramePool.Rent();
        Envelope.WriteStart(frame, kind, callId);
        frame.Write(rest);
        if (_sending.Add(frame)) return true;
        FramePool.Return(frame);
        return false;
    }

    private void CheckLength(FrameWriter frame, object what)
    {
        if (frame.Length > _longest)
        {
            throw new InvalidMessageFrameException(
                $"{what} takes {frame.Length} bytes on the wire: expected at most {_longest} (MessagingOptions.MaxMessageBodySize). Send it in parts.");
        }
    }
}

/// <summary>What all connections of a host share.</summary>
internal sealed record ConnectionContext(MessageCodec Codec, RuntimeLog Log, long LongestFrame);
