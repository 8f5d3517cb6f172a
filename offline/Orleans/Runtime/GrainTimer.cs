using System.Reflection;

namespace Orleans.Runtime;

/// <summary>A timer whose ticks are messages to its own activation.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private static readonly MethodInfo TickMethod = typeof(IGrainTimerInvoker).GetMethod(nameof(IGrainTimerInvoker.InvokeCallbackAsync))!;

    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly MessageOptions _options;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private TimeSpan _dueTime;
    private TimeSpan _period;
    private bool _isTicking;
    private bool _isChanged;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options, TimeProvider time)
    {
        _activation = activation;
        _callback = callback;
        _options = MessageOptions.LocalOnly
            | (options.Interleave ? MessageOptions.AlwaysInterleave : 0)
            | (options.KeepAlive ? MessageOptions.KeepAlive : 0);
        _timer = Timers.Create(
            time, static state => ((GrainTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        lock (_gate)
        {
            _dueTime = dueTime;
            _period = period;
            // During a tick its end sets the timer, so that ticks never overlap.
            _isChanged = true;
            if (!_isTicking && !_disposed.IsCancellationRequested) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        try
        {
            _disposed.Cancel();
        }
        catch (Exception exception)
        {
            _activation.Silo.Log.TimerFailed(exception, _activation.GrainId);
        }

        _timer.Dispose();
        _activation.Forget(this);
    }

    private static void Check(TimeSpan time, string name)
    {
        const uint Longest = 0xFFFFFFFE;
        var milliseconds = (long)time.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, Longest, name);
    }

    private void Fire()
    {
        lock (_gate)
        {
            if (_isTicking) return;
            _isTicking = true;
            _isChanged = false;
        }

        _activation.Receive(new Message(_activation.GrainId, _activation.GrainId, new Tick(this), _options));
    }

    private async Task TickAsync()
    {
        try
        {
            await _callback(_disposed.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_disposed.IsCancellationRequested)
        {
            _activation.Silo.Log.TimerFailed(exception, _activation.GrainId);
        }
        catch (OperationCanceledException)
        {
            // The timer was disposed during the tick.
        }
        finally
        {
            lock (_gate)
            {
                _isTicking = false;
                if (!_disposed.IsCancellationRequested) _timer.Change(_isChanged ? _dueTime : _period, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>The method that filters see for a tick.</summary>
    private interface IGrainTimerInvoker
    {
        Task InvokeCallbackAsync();
    }

    private sealed class Tick(GrainTimer timer) : Request<NoResult>
    {
        public override int GetArgumentCount() => 0;

        public override object? GetArgument(int index) => throw new ArgumentOutOfRangeException(nameof(index));

        public override void SetArgument(int index, object? value) => throw new ArgumentOutOfRangeException(nameof(index));

        public override Type GetInterfaceType() => typeof(IGrainTimerInvoker);

        public override MethodInfo GetMethod() => TickMethod;

        public override void DetachResult()
        {
            // A tick has no caller.
        }

        protected override Task? InvokeCore(object target)
        {
            if (timer._disposed.IsCancellationRequested) return null;
            var task = timer.TickAsync();
            return task.IsCompletedSuccessfully ? null : task;
        }
    }
}
