using Orleans.Storage;

namespace Orleans.Runtime;

internal sealed partial class Activation
{
    private int _running;
    private Message? _blocking;

    /// <summary>Takes a message in, or sends it on where the activation has ended. From any thread.</summary>
    public void Receive(Message message)
    {
        lock (_gate)
        {
            if (_state != ActivationState.Ended)
            {
                message.Owner = this;
                _waiting.Add(message);
                // Nothing to do now if it has to wait for a call that runs: the end of that call looks again.
                if (_isScheduled || _state != ActivationState.Valid) return;
                if (_running > 0 && _blocking is not null && !MessageQueue.MayInterleave(message, _blocking)) return;
                _isScheduled = true;
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
                return;
            }
        }

        Silo.Catalog.Forward(message);
    }

    /// <summary>The caller of a message gave up. From any thread.</summary>
    public void SignalCancellation(Message message)
    {
        // The token's callbacks are the grain's own code, so they run in a turn of it.
        if (message.Request.Cancellation is { } cancellation) Queue((Action)cancellation.Cancel);
    }

    private bool IsFiltered => Silo.Filters.Length != 0 || Class.FiltersItself;

    private object? NextCall()
    {
        if (_state != ActivationState.Valid)
            return _state == ActivationState.Deactivating && _running == 0 ? NextDeactivation() : null;

        var message = _waiting.Take(_running == 0 ? null : _blocking);
        if (message is null) return null;
        _running++;
        if (!message.IsAlwaysInterleave) _blocking ??= message;
        if (message.IsKeepAlive) _lastUse = Silo.Catalog.Tick;
        return message;
    }

    private void StartOrFinish(Message message)
    {
        if (message.Ending is { } ended) Finish(message, ended);
        else Start(message);
    }

    private void Start(Message message)
    {
        if (message.IsExpired)
        {
            Leave(message);
            return;
        }

        Task? task;
        try
        {
            if (message.Request.IsCancellationRequested) throw new OperationCanceledException("The call was cancelled before it ran.");
            task = IsFiltered ? IncomingCall.Run(this, message) : message.Request.Invoke(GrainInstance!);
        }
        catch (Exception exception)
        {
            End(message, exception);
            return;
        }

        if (task is null)
        {
            End(message, null);
            return;
        }

        message.Ending = task;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() =>
        {
            // Usually the end of an async method, in a turn of this activation; else it becomes one.
            if (ReferenceEquals(RuntimeContext.Current, this)) Finish(message, task);
            else Queue(message);
        });
    }

    private void Finish(Message message, Task task)
    {
        try
        {
            task.GetAwaiter().GetResult();
            // Behind filters the result was taken already: the task is theirs.
            if (!IsFiltered) message.Request.TakeResult(task);
        }
        catch (Exception exception)
        {
            End(message, exception);
            return;
        }

        End(message, null);
    }

    private void End(Message message, Exception? failure)
    {
        if (failure is null && message.ReplyTo is not null)
        {
            try
            {
                message.Request.DetachResult();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }

        if (failure is InconsistentStateException { IsSourceActivation: true } inconsistent)
        {
            inconsistent.IsSourceActivation = false;
            Deactivate(new DeactivationReason(
                DeactivationReasonCode.ApplicationError, failure, "The grain's state in memory is not the stored one."));
        }

        Leave(message);
        if (failure is null) message.ReplyTo?.Complete(message.Request);
        else message.ReplyTo?.Fail(failure);
    }

    private void Leave(Message message)
    {
        lock (_gate)
        {
            _running--;
            if (ReferenceEquals(_blocking, message)) _blocking = null;
            if (message.IsKeepAlive) _lastUse = Silo.Catalog.Tick;
        }
    }
}
