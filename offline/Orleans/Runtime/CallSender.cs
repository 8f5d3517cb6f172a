using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>Sends the calls of one host (a silo or a client) and watches over those without a response.</summary>
internal sealed class CallSender(MessagingOptions options, TimeProvider time) : IDisposable
{
    private readonly CallTimeouts _timeouts = new(options.ResponseTimeout, time);
    private readonly bool _cancelOnTimeout = options.CancelRequestOnTimeout;
    private readonly bool _waitForCancelled = options.WaitForCancellationAcknowledgement;

    /// <summary>Where messages go; null before the start and after the stop.</summary>
    public IMessageRouter? Router { get; set; }

    public Task<TResult> Send<TArguments, TResult>(
        GrainId target, GrainMethod<TArguments, TResult> method, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : struct
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<TResult>(cancellationToken);
        method.CopyArguments(ref arguments);
        var isCancellable = cancellationToken.CanBeCanceled || (_cancelOnTimeout && method.TakesToken);
        var request = new Request<TArguments, TResult>(method, arguments)
        {
            Cancellation = isCancellable ? new CancellationTokenSource() : null,
        };
        var call = new PendingCall<TResult>(this);
        var message = new Message(target, RuntimeContext.Current?.GrainId, request, method.Options) { ReplyTo = call };
        call.Message = message;
        if (Router is not { } router)
        {
            call.Fail(new SiloUnavailableException($"This host does not run (yet, or any more) and cannot send {message}."));
            return call.Task;
        }

        _timeouts.Add(message, method.ResponseTimeout);
        if (cancellationToken.CanBeCanceled) call.Watch(cancellationToken);
        router.Send(message);
        return call.Task;
    }

    /// <summary>The call of a message has ended.</summary>
    public void Forget(Message message) => _timeouts.Remove(message);

    /// <summary>The caller gave up; true where its task ends at once, without waiting for the callee.</summary>
    public bool Cancel(Message message)
    {
        Router?.Cancel(message);
        return !_waitForCancelled;
    }

    /// <summary>The response did not come.</summary>
    public void OnTimeout(Message message)
    {
        if (_cancelOnTimeout) Router?.Cancel(message);
    }

    /// <summary>Fails what still waits.</summary>
    public void Dispose()
    {
        Router = null;
        _timeouts.Dispose();
        foreach (var message in _timeouts.RemoveAll())
        {
            message.ReplyTo!.Fail(new SiloUnavailableException(
                $"The local Orleans host is shutting down and can no longer process the request: {message}."));
        }
    }
}

/// <summary>A call of this process that waits for its response.</summary>
internal interface IPendingCall : IReplyTo
{
    void TimeOut(TimeSpan waited);
}

internal sealed class PendingCall<TResult>(CallSender sender)
    : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously), IPendingCall
{
    private CancellationTokenRegistration _registration;

    public Message Message { get; set; } = null!;

    public void Watch(CancellationToken cancellationToken) => _registration = cancellationToken.UnsafeRegister(
        static (state, token) => ((PendingCall<TResult>)state!).OnCancelled(token), this);

    public void Complete(Request request)
    {
        if (TrySetResult(((Request<TResult>)request).Result)) End();
    }

    public void Fail(Exception exception)
    {
        if (TrySetException(exception)) End();
    }

    public void TimeOut(TimeSpan waited)
    {
        if (!TrySetException(new TimeoutException($"Response did not arrive on time in {waited} for message: {Message}."))) return;
        sender.OnTimeout(Message);
        Message.Abandon();
        End();
    }

    private void OnCancelled(CancellationToken cancellationToken)
    {
        if (Task.IsCompleted) return;
        if (!sender.Cancel(Message) || !TrySetCanceled(cancellationToken)) return;
        // The callee hears of the cancellation; its response is for nobody.
        Message.Route?.Abandon(Message);
        End();
    }

    private void End()
    {
        sender.Forget(Message);
        // Without waiting for a callback that runs: it may be the one that got here.
        _registration.Unregister();
    }
}
