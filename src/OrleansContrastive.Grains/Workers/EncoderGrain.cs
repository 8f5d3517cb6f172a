using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Workers;

/// <inheritdoc cref="IEncoderGrain"/>
/// <remarks>
/// The loop: hold a few leases, have their views made, compute the lowest one whose version is there, stage all of its
/// effects, commit. It never holds a call open to wait for somebody; it asks again.
/// </remarks>
[KeepAlive, PreferLocalPlacement]
internal sealed partial class EncoderGrain(SiloIdentity silo, DeviceLanes lanes, TimeProvider time, ILogger<EncoderGrain> logger)
    : Grain, IEncoderGrain
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(50);

    private CancellationTokenSource? _stop;
    private Task _loop = Task.CompletedTask;
    private GrainPlace _place;
    private EncoderStep? _step;

    private string Key => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _place = silo.Host(Key);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => StopAsync();

    public Task WakeAsync() => Task.CompletedTask;

    public Task StartAsync()
    {
        if (!_loop.IsCompleted) return Task.CompletedTask;
        _stop = new();
        // Stays on this grain's scheduler: between two awaits the loop is one of its turns.
        _loop = RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync()
    {
        _stop?.Cancel();
        await _loop;
        if (_step is not null) await _step.DisposeAsync();
        _step = null;
    }

    private async Task RunAsync(CancellationToken stop)
    {
        await Task.Yield();
        var run = GrainFactory.GetGrain<ITrainingRunGrain>(_place.Run);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await run.ViewAsync() is not { } view)
                {
                    await DelayAsync(LongWait, stop);
                    continue;
                }

                if (await WorkAsync(run, view, stop)) return;
            }
            catch (StaleViewException exception)
            {
                Log.StaleView(logger, Key, exception.Message);
                await DelayAsync(LongWait, stop);
            }
            catch (Exception exception) when (CallFaults.IsTransient(exception))
            {
                Log.TransientFault(logger, Key, exception);
                await DelayAsync(LongWait, stop);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.FinalFault(logger, Key, exception);
                await run.FailAsync($"Encoder {Key} cannot go on: {exception.GetType().Name}: {exception.Message}");
                return;
            }
        }
    }

    /// <summary>Works in one view of the cluster. True when the run has ended, false when there is another view.</summary>
    private async Task<bool> WorkAsync(ITrainingRunGrain run, RunView view, CancellationToken stop)
    {
        _step ??= new(GrainFactory, Key, lanes.Lanes[_place.Index % lanes.Lanes.Count]);
        var leases = new SortedDictionary<LeaseId, LeaseReply>();
        var (waiting, finished, wait) = (false, false, ShortWait);
        while (!stop.IsCancellationRequested)
        {
            if (!finished && leases.Count <= view.Spec.Topology.LeasesAhead + 1)
            {
                var reply = await run.AcquireAsync(new(Key, view.History, Idle: waiting || leases.Count == 0));
                if (reply.Outcome == LeaseOutcome.OtherHistory) return false;
                finished = reply.Outcome == LeaseOutcome.Finished;
                if (reply.Outcome == LeaseOutcome.Granted)
                {
                    leases[reply.Attempt.Lease] = reply;
                    _ = _step.PrepareAsync(view, reply.Attempt.Lease);
                }
                else if (reply.Outcome == LeaseOutcome.Wait && leases.Count == 0)
                {
                    await DelayAsync(reply.After, stop);
                    continue;
                }
            }

            if (leases.Count == 0) return true;

            var next = leases.First().Value;
            var begin = await BeginAsync(run, view, next.Attempt);
            if (begin.Outcome == BeginOutcome.Drop)
            {
                leases.Remove(next.Attempt.Lease);
            }
            else if (begin.Outcome == BeginOutcome.Begin && await _step.TryComputeAsync(view, next, begin.AtLeast) is { } commit)
            {
                leases.Remove(next.Attempt.Lease);
                _step.Settle(await run.CommitAsync(commit) == CommitOutcome.Accepted);
                (waiting, wait) = (false, ShortWait);
            }
            else
            {
                waiting = true;
                await DelayAsync(wait, stop);
                if (wait < LongWait) wait *= 2;
            }
        }

        return true;
    }

    private Task<BeginReply> BeginAsync(ITrainingRunGrain run, RunView view, LeaseAttempt attempt) =>
        view.Spec.Consistency.Mode == ConsistencyMode.Bounded
            ? run.BeginAsync(new(Key, view.History, attempt))
            : Task.FromResult(new BeginReply(BeginOutcome.Begin));

    private async Task DelayAsync(TimeSpan delay, CancellationToken stop)
    {
        try
        {
            await Task.Delay(delay, time, stop);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at the token itself.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Encoder} drops its leases: {Reason}")]
        public static partial void StaleView(ILogger logger, string encoder, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Encoder} tries again")]
        public static partial void TransientFault(ILogger logger, string encoder, Exception exception);

        [LoggerMessage(3, LogLevel.Error, "{Encoder} cannot go on")]
        public static partial void FinalFault(ILogger logger, string encoder, Exception exception);
    }
}
