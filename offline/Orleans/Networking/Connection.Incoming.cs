using System.Buffers;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Networking;

internal sealed partial class Connection
{
    private readonly Lock _incomingGate = new();
    private readonly Dictionary<long, Message> _incoming = [];
    private TaskCompletionSource? _idle;
    private int _unanswered;

    /// <summary>Completes when every call that arrived was answered.</summary>
    public Task WhenIdleAsync()
    {
        lock (_incomingGate)
        {
            if (_unanswered == 0 || !IsOpen) return Task.CompletedTask;
            return (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void ReceiveRequest(long callId, ReadOnlyMemory<byte> rest, byte[][] payloads)
    {
        var span = rest.Span;
        var envelope = Envelope.Read(callId, ref span);
        Request request;
        try
        {
            request = _codec.DecodeRequest(new ReadOnlySequence<byte>(rest[^span.Length..]), payloads, envelope.IsCancellable);
        }
        catch (Exception exception)
        {
            Reply(callId, exception);
            return;
        }

        var message = new Message(envelope.Target, envelope.Sender, request, envelope.Options & ~MessageOptions.LocalOnly)
        {
            Hops = envelope.Hops,
            ReplyTo = new Answer(this, callId),
        };
        lock (_incomingGate)
        {
            if (!_incoming.TryAdd(callId, message)) throw new InvalidDataException($"call {callId} arrived twice");
            _unanswered++;
        }

        _handler.OnRequest(this, message);
    }

    private void ReceiveSystem(long callId, ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty) throw new InvalidDataException("expected the operation of a question, found nothing");
        _ = AnswerAsync(callId, (SystemCall)rest[0], rest[1..].ToArray());
    }

    private async Task AnswerAsync(long callId, SystemCall call, byte[] arguments)
    {
        try
        {
            var answer = await _handler.OnSystemAsync(this, call, arguments).ConfigureAwait(false);
            if (callId != 0) SendSmall(FrameKind.SystemReply, callId, answer ?? []);
        }
        catch (Exception exception)
        {
            if (callId != 0) SendSmall(FrameKind.SystemFailure, callId, Encoding.UTF8.GetBytes($"{call}: {exception.Message}"));
            else _log.WordLost(exception, call, Peer);
        }
    }

    private Message? FindIncoming(long callId)
    {
        lock (_incomingGate) return _incoming.GetValueOrDefault(callId);
    }

    // Whoever takes the call answers it, and then says so.
    private Message? TakeIncoming(long callId)
    {
        lock (_incomingGate) return _incoming.Remove(callId, out var message) ? message : null;
    }

    private void EndIncoming()
    {
        lock (_incomingGate)
        {
            if (--_unanswered > 0 || _idle is null) return;
            _idle.TrySetResult();
            _idle = null;
        }
    }

    private void ReceiveAbandon(long callId)
    {
        if (TakeIncoming(callId) is not { } message) return;
        message.Abandon();
        EndIncoming();
    }

    private void Reply(long callId, Request request)
    {
        var frame = FramePool.Rent();
        try
        {
            Envelope.WriteStart(frame, FrameKind.Result, callId);
            _codec.EncodeResult(request, frame);
            CheckLength(frame, $"The result of {request}");
        }
        catch (Exception exception)
        {
            FramePool.Return(frame);
            Reply(callId, exception);
            return;
        }

        if (!_sending.Add(frame)) FramePool.Return(frame);
    }

    private void Reply(long callId, Exception failure)
    {
        var frame = FramePool.Rent();
        Envelope.WriteStart(frame, FrameKind.Failure, callId);
        _codec.EncodeFailure(failure, frame);
        if (!_sending.Add(frame)) FramePool.Return(frame);
    }

    /// <summary>Where the outcome of a call goes that came by this connection.</summary>
    internal sealed class Answer(Connection connection, long callId) : IReplyTo
    {
        public Connection Connection => connection;

        public void Complete(Request request)
        {
            if (connection.TakeIncoming(callId) is null) return;
            connection.Reply(callId, request);
            connection.EndIncoming();
        }

        public void Fail(Exception exception)
        {
            if (connection.TakeIncoming(callId) is null) return;
            connection.Reply(callId, exception);
            connection.EndIncoming();
        }
    }
}
