using System.Buffers;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Networking;

internal sealed partial class Connection
{
    private readonly Lock _outgoingGate = new();
    private readonly Dictionary<long, object> _outgoing = [];
    private long _lastCallId;

    /// <summary>Sends a call. Its response, or its failure when the connection breaks, goes to the message's caller.</summary>
    public void Send(Message message)
    {
        var callId = Interlocked.Increment(ref _lastCallId);
        message.RouteId = callId;
        message.Route = this;
        var frame = FramePool.Rent();
        try
        {
            Envelope.Write(frame, callId, message);
            _codec.EncodeRequest(message.Request, frame);
            CheckLength(frame, message);
        }
        catch (Exception exception)
        {
            FramePool.Return(frame);
            message.ReplyTo?.Fail(exception);
            return;
        }

        if (message.ReplyTo is not null && !TryAwait(callId, message) || !_sending.Add(frame))
        {
            FramePool.Return(frame);
            if (Forget(callId) || !IsOpen) message.ReplyTo?.Fail(Broken(message, null));
            return;
        }

        // The caller may have given up while there was no route yet.
        if (message.Request.IsCancellationRequested) Cancel(message);
        if (message.IsExpired) Abandon(message);
    }

    public void Cancel(Message message) => SendSmall(FrameKind.Cancel, message.RouteId);

    public void Abandon(Message message)
    {
        if (Forget(message.RouteId)) SendSmall(FrameKind.Abandon, message.RouteId);
    }

    /// <summary>Asks the runtime at the other end.</summary>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    /// <exception cref="SiloUnavailableException">The connection is or was closed.</exception>
    /// <exception cref="OrleansException">The other end failed to answer; its words.</exception>
    public async Task<byte[]> AskAsync(SystemCall call, byte[] arguments, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        var callId = Interlocked.Increment(ref _lastCallId);
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!TryAwait(callId, answer) || !SendSmall(FrameKind.System, callId, [(byte)call, .. arguments])) throw Broken(call, null);
        try
        {
            return await answer.Task.WaitAsync(patience, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Forget(callId);
        }
    }

    /// <summary>Tells the runtime at the other end something; it may be lost with the connection.</summary>
    public void Tell(SystemCall call, byte[] arguments) => SendSmall(FrameKind.System, 0, [(byte)call, .. arguments]);

    private bool TryAwait(long callId, object waiting)
    {
        lock (_outgoingGate)
        {
            if (!IsOpen) return false;
            _outgoing.Add(callId, waiting);
            return true;
        }
    }

    private bool Forget(long callId)
    {
        lock (_outgoingGate) return _outgoing.Remove(callId);
    }

    private object? TakeOutgoing(long callId)
    {
        lock (_outgoingGate) return _outgoing.Remove(callId, out var waiting) ? waiting : null;
    }

    private void ReceiveResponse(long callId, ReadOnlyMemory<byte> body, byte[][] payloads)
    {
        // A response to a call that timed out is for nobody.
        if (TakeOutgoing(callId) is not Message message) return;
        Exception? failure;
        try
        {
            failure = _codec.DecodeResponse(new ReadOnlySequence<byte>(body), payloads, message.Request);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (failure is null) message.ReplyTo!.Complete(message.Request);
        else message.ReplyTo!.Fail(failure);
    }

    private void ReceiveSystemReply(FrameKind kind, long callId, ReadOnlySpan<byte> answer)
    {
        if (TakeOutgoing(callId) is not TaskCompletionSource<byte[]> waiting) return;
        if (kind == FrameKind.SystemReply) waiting.TrySetResult(answer.ToArray());
        else waiting.TrySetException(new OrleansException($"{Peer}: {System.Text.Encoding.UTF8.GetString(answer)}"));
    }

    private void FailAll(Exception reason)
    {
        object[] all;
        lock (_outgoingGate)
        {
            all = [.. _outgoing.Values];
            _outgoing.Clear();
        }

        foreach (var waiting in all)
        {
            if (waiting is Message message) message.ReplyTo!.Fail(Broken(message, reason));
            else ((TaskCompletionSource<byte[]>)waiting).TrySetException(Broken("a question of the runtime", reason));
        }
    }

    private SiloUnavailableException Broken(object what, Exception? reason)
    {
        var words = $"The connection to {Peer} broke, so that the outcome is unknown: {what}. {reason?.Message}";
        return reason is null ? new SiloUnavailableException(words) : new SiloUnavailableException(words, reason);
    }
}
