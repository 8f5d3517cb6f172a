using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime;

internal sealed partial class Activation
{
    private readonly List<PersistentState> _states = [];
    private readonly HashSet<GrainTimer> _timers = [];
    private DeactivationReason _reason;
    private Exception? _activationFailure;
    private bool _deactivationStarted;
    private bool _isRegistered;
    private long _lastUse;
    private DateTimeOffset _keepAliveUntil = DateTimeOffset.MinValue;

    /// <summary>Starts to activate; calls wait until it is done.</summary>
    public void Activate() => Queue((Action)(() => _ = ActivateAsync()));

    /// <inheritdoc/>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_state is ActivationState.Deactivating or ActivationState.Ended) return;
            if (_reason.ReasonCode == DeactivationReasonCode.None) _reason = deactivationReason;
            // One that still activates ends when it has activated.
            if (_state == ActivationState.Activating) return;
            _state = ActivationState.Deactivating;
            if (_isScheduled) return;
            _isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <summary>Keeps idle collection away for a while; a negative span takes that back.</summary>
    public void DelayDeactivation(TimeSpan timeSpan)
    {
        lock (_gate)
        {
            var now = Silo.Time.GetUtcNow();
            _keepAliveUntil = timeSpan == Timeout.InfiniteTimeSpan || timeSpan >= DateTimeOffset.MaxValue - now ? DateTimeOffset.MaxValue
                : timeSpan < TimeSpan.Zero ? DateTimeOffset.MinValue
                : now + timeSpan;
        }
    }

    /// <summary>Deactivates if nothing used it for its collection age. <paramref name="tick"/> counts quanta.</summary>
    public void CollectIfIdle(long tick, TimeSpan quantum)
    {
        lock (_gate)
        {
            if (_state != ActivationState.Valid || _running > 0 || !_waiting.IsEmpty || Class.KeepAlive) return;
            // The quantum of the last use counts as not idle, so that nothing is collected too early.
            if ((tick - _lastUse - 1) * quantum < Class.CollectionAge || _keepAliveUntil > Silo.Time.GetUtcNow()) return;
        }

        Deactivate(new DeactivationReason(
            DeactivationReasonCode.ActivationIdle, $"Idle for longer than its collection age of {Class.CollectionAge}."));
    }

    public IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options, Silo.Time);
        lock (_gate) _timers.Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer)
    {
        lock (_gate) _timers.Remove(timer);
    }

    /// <summary>A state that is to be read before the grain activates.</summary>
    public void Add(PersistentState state) => _states.Add(state);

    private async Task ActivateAsync()
    {
        try
        {
            // Before there is an instance: of two silos that begin at the same time one gives way here.
            if (!await RegisterAsync())
            {
                await EndAsync();
                return;
            }

            _scope = Silo.Services.CreateScope();
            _scope.ServiceProvider.GetRequiredService<ActivationHolder>().Activation = this;
            GrainInstance = Class.CreateInstance(this);
            using var limit = new CancellationTokenSource(Silo.Collection.ActivationTimeout, Silo.Time);
            foreach (var state in _states) await state.LoadAsync(limit.Token);
            if (GrainInstance is IGrainBase grain) await grain.OnActivateAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception exception)
        {
            Silo.Log.ActivationFailed(exception, GrainId);
            _activationFailure = exception;
            _reason = new DeactivationReason(DeactivationReasonCode.ActivationFailed, exception, "The grain could not be activated.");
        }

        if (_activationFailure is not null)
        {
            await EndAsync();
            return;
        }

        lock (_gate)
        {
            _lastUse = Silo.Catalog.Tick;
            _state = _reason.ReasonCode == DeactivationReasonCode.None ? ActivationState.Valid : ActivationState.Deactivating;
        }

        // A turn of its own looks at the calls that waited.
        Queue((Action)(static () => { }));
    }

    private async Task<bool> RegisterAsync()
    {
        var until = Environment.TickCount64 + (long)Silo.Collection.ActivationTimeout.TotalMilliseconds;
        var winner = await Silo.Directory.RegisterAsync(GrainId, Stamp, () => Environment.TickCount64 < until && !Silo.Catalog.IsDisposed);
        _isRegistered = winner.Equals(Silo.Details.SiloAddress);
        if (!_isRegistered) Silo.Directory.Remember(GrainId, winner);
        return _isRegistered;
    }

    // Within the lock, when no call runs any more.
    private Action? NextDeactivation()
    {
        if (_deactivationStarted) return null;
        _deactivationStarted = true;
        return () => _ = DeactivateAsync();
    }

    private async Task DeactivateAsync()
    {
        using (var limit = new CancellationTokenSource(Silo.Collection.DeactivationTimeout, Silo.Time))
        {
            try
            {
                DisposeTimers();
                if (GrainInstance is IGrainBase grain) await grain.OnDeactivateAsync(_reason, limit.Token).WaitAsync(limit.Token);
            }
            catch (Exception exception)
            {
                Silo.Log.DeactivationFailed(exception, GrainId);
            }
        }

        await EndAsync();
    }

    private async Task EndAsync()
    {
        DisposeTimers();
        try
        {
            if (GrainInstance is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
            else (GrainInstance as IDisposable)?.Dispose();
            if (_scope is IAsyncDisposable scope) await scope.DisposeAsync();
            else _scope?.Dispose();
        }
        catch (Exception exception)
        {
            Silo.Log.DeactivationFailed(exception, GrainId);
        }

        if (_isRegistered) await Silo.Directory.UnregisterAsync(GrainId, Stamp);

        // From here on the next activation may start; calls that came in until now go there, or hear why there is none.
        Silo.Catalog.Remove(this);
        List<Message> left;
        lock (_gate)
        {
            _state = ActivationState.Ended;
            left = _waiting.TakeAll();
        }

        foreach (var message in left)
        {
            if (_activationFailure is null) Silo.Catalog.Forward(message);
            else message.ReplyTo?.Fail(_activationFailure);
        }

        _deactivated.TrySetResult();
    }

    /// <summary>Ends without a word to the grain, whose silo is dead to the others: its calls go on until they notice.</summary>
    public void Abandon()
    {
        lock (_gate) _state = ActivationState.Ended;
        DisposeTimers();
        _deactivated.TrySetResult();
    }

    private void DisposeTimers()
    {
        GrainTimer[] timers;
        lock (_gate)
        {
            timers = [.. _timers];
            _timers.Clear();
        }

        foreach (var timer in timers) timer.Dispose();
    }
}

/// <summary>Gives the services of an activation's scope the activation.</summary>
internal sealed class ActivationHolder
{
    public Activation? Activation { get; set; }
}
