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
/// The loop: hold a few leases, have their views made, compute the lowest one whose version is there, and hand it to be
/// staged and committed while the next one is computed. It never holds a call open to wait for somebody; it asks again.
/// </remarks>
[KeepAlive, PreferLocalPlacement]
internal sealed partial class EncoderGrain(
    SiloIdentity silo, DeviceLanes lanes, Handicap handicap, ICommitLedger ledger, TimeProvider time, ILogger<EncoderGrain> logger)
    : Grain, IEncoderGrain
{
    // One lease at most is on its way to the order while the next one is computed; more would only be staler. In lockstep a
    // lease may wait for another slot that this encoder computes itself.
    private const int MostUncommitted = 1;
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(50);

    // A version that is waited for comes from another encoder's step; asking is cheap beside missing it.
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(8);

    private readonly SortedDictionary<LeaseId, LeaseReply> _leases = [];
    private readonly Dictionary<LeaseAttempt, Task> _uncommitted = [];
    private CancellationTokenSource? _stop;
    private Task _loop = Task.CompletedTask;
    private ITrainingRunGrain _run = null!;
    private GrainPlace _place;
    private RunView? _view;
    private EncoderStep? _step;
    private Pace _pace = null!;

    private string Key => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _place = silo.Host(Key);
        _run = GrainFactory.GetGrain<ITrainingRunGrain>(_place.Run);
        _pace = new(handicap.Of(_place.Index % lanes.Lanes.Count, lanes.Lanes.Count));
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
        // Two may ask for it at once, and a start may come in between.
        var step = _step;
        _step = null;
        if (step is not null) await step.DisposeAsync();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!await LookAsync() || await WorkAsync(stop) is not { } finished)
                {
                    await DelayAsync(LongWait, stop);
                    continue;
                }

                if (finished) break;
            }
            catch (StaleViewException exception)
            {
                // What it holds stays its own; another history is met by the next look.
                Log.StaleView(logger, Key, exception.Message);
                await DelayAsync(LongWait, stop);
            }
            catch (Exception exception) when (CallFaults.IsTransient(exception))
            {
                Log.TransientFault(logger, Key, exception);
                await DelayAsync(LongWait, stop);
            }
            catch (WorkerFaultException fault)
            {
                // Others do its work from the next view on.
                await FailAsync(fault.Worker, fault.InnerException!);
                await DelayAsync(LongWait, stop);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                await FailAsync(Key, exception);
                break;
            }
        }

        await Task.WhenAll(_uncommitted.Values);
    }

    /// <summary>Fetches the view. False before the run has one.</summary>
    private async Task<bool> LookAsync()
    {
        var view = await _run.ViewAsync();
        if (_view is not null && view?.History != _view.History && _step is { Newest: > 0 }) await _run.ReachedAsync(_view.History, _step.Newest);
        if (view is null) return false;
        // The last worker of a kind has gone and the next is not awake yet.
        if (view.Augmentations.Length == 0 || (view.MomentumEncoders.Length == 0 && view.Spec.Topology.KeyEncoders > 0)) return false;
        if (_view is not null && _view.History != view.History) _leases.Clear();
        _view = view;
        return true;
    }

    /// <summary>Works in the view. True when the run has ended, false or null when it must be looked at again, at once or later.</summary>
    private async Task<bool?> WorkAsync(CancellationToken stop)
    {
        _step ??= new(GrainFactory, Key, lanes.Lanes[_place.Index % lanes.Lanes.Count]);
        var (waiting, finished, wait) = (false, false, ShortWait);
        while (!stop.IsCancellationRequested)
        {
            if (!finished && _leases.Count <= _view!.Spec.Topology.LeasesAhead + (IsLockstep(_view.Spec) ? 1 : 0))
            {
                var reply = await _run.AcquireAsync(new(Key, _view.History, Idle: waiting || _leases.Count == 0, Holding()));
                if (reply.Outcome == LeaseOutcome.OtherHistory) return null;
                finished = reply.Outcome == LeaseOutcome.Finished;
                if (reply.Outcome == LeaseOutcome.Granted)
                {
                    _leases[reply.Attempt.Lease] = reply;
                    _ = _step.PrepareAsync(_view, reply.Attempt.Lease);
                }

                if (reply.View != _view.Number && !finished) return false;
                // The one ahead too, before this one is begun: its views are fetched meanwhile.
                if (reply.Outcome == LeaseOutcome.Granted && _leases.Count <= _view.Spec.Topology.LeasesAhead) continue;
                if (reply.Outcome == LeaseOutcome.Wait && _leases.Count == 0)
                {
                    await DelayAsync(reply.After, stop);
                    continue;
                }
            }

            if (WaitsForItself(_view!.Spec)) await Task.WhenAll(_uncommitted.Values);
            if (_leases.Count == 0)
            {
                if (_uncommitted.Count > 0) return await AfterCommitsAsync();
                // The last word: it holds nothing, whatever the run believes.
                await _run.AcquireAsync(new(Key, _view!.History, Idle: true, []));
                return true;
            }

            var next = _leases.First().Value;
            var began = time.GetTimestamp();
            var begin = await BeginAsync(_view!, next.Attempt);
            if (begin.Outcome == BeginOutcome.Drop)
            {
                _leases.Remove(next.Attempt.Lease);
            }
            else if (begin.Outcome == BeginOutcome.Begin && await _step.TryComputeAsync(_view!, next, begin.AtLeast, _leases.Values.Skip(1).FirstOrDefault()) is { } computed)
            {
                if (_pace.Rest(time.GetElapsedTime(began)) is { Ticks: > 0 } rest) await DelayAsync(rest, stop);
                _leases.Remove(next.Attempt.Lease);
                await SubmitAsync(computed, stop);
                (waiting, wait) = (false, ShortWait);
            }
            else
            {
                waiting = true;
                await DelayAsync(wait, stop);
                if (wait < LongestPoll) wait *= 2;
            }
        }

        return true;
    }

    /// <summary>Whether a step begins with weights that hold the encoder's own last gradient.</summary>
    private static bool WaitsForItself(RunSpec spec) =>
        !IsLockstep(spec) && spec.Prefetch < Prefetch.Weights;

    private static bool IsLockstep(RunSpec spec) => spec.Consistency.Mode == ConsistencyMode.Lockstep;

    private Task<BeginReply> BeginAsync(RunView view, LeaseAttempt attempt) =>
        view.Spec.Consistency.Mode == ConsistencyMode.Bounded
            ? _run.BeginAsync(new(Key, view.History, attempt))
            : Task.FromResult(new BeginReply(BeginOutcome.Begin));

    private async Task<bool?> AfterCommitsAsync()
    {
        // One that is refused makes its lease somebody's again.
        await Task.WhenAll(_uncommitted.Values);
        return false;
    }

    private LeaseAttempt[] Holding() => [.. _leases.Values.Select(lease => lease.Attempt), .. _uncommitted.Keys];

    private async Task SubmitAsync(ComputedLease lease, CancellationToken stop)
    {
        while (!IsLockstep(_view!.Spec) && _uncommitted.Count >= MostUncommitted) await Task.WhenAny(_uncommitted.Values);
        _uncommitted.Add(lease.Attempt, CommitAsync(lease, stop));
    }

    /// <summary>Stages a lease at all members and has it committed, whatever happens to them meanwhile.</summary>
    private async Task CommitAsync(ComputedLease lease, CancellationToken stop)
    {
        await Task.Yield();
        var (wait, view, accepted) = (ShortWait, _view, false);
        try
        {
            // Not before: what the last gradient left over counts only when that one is settled.
            _step!.Pack(lease);
            while (view is null || view.History == lease.History)
            {
                try
                {
                    view ??= await _run.ViewAsync();
                    // What was computed in a history that is gone counts nowhere.
                    if (view is not null && view.History != lease.History) return;
                    if (view is not null)
                    {
                        await _step!.StageAsync(view, lease);
                        var request = lease.Request(Key, view.Number);
                        switch (await _run.CommitAsync(request))
                        {
                            case CommitOutcome.Accepted:
                                accepted = true;
                                ledger.Append(_place.Run, request);
                                return;
                            case CommitOutcome.Committed or CommitOutcome.Refused:
                                return;
                            case CommitOutcome.OtherView:
                                view = null;
                                continue;
                        }
                    }
                }
                catch (Exception exception) when (exception is StaleViewException || CallFaults.IsTransient(exception))
                {
                    Log.CommitFault(logger, Key, lease.Attempt, exception.Message);
                    view = null;
                    wait = LongWait;
                }

                // Whoever is asked to stop gives up what it could not deliver: it will be granted again.
                if (stop.IsCancellationRequested) return;
                await DelayAsync(wait, stop);
                if (wait < LongWait) wait *= 2;
            }
        }
        catch (Exception exception)
        {
            await FailAsync(Key, exception);
        }
        finally
        {
            _step!.Settle(accepted);
            _uncommitted.Remove(lease.Attempt);
        }
    }

    private async Task FailAsync(string worker, Exception exception)
    {
        Log.FinalFault(logger, worker, exception);
        await _run.FailAsync(worker, $"{exception.GetType().Name}: {exception.Message}");
    }

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
        [LoggerMessage(1, LogLevel.Information, "{Encoder} looks again: {Reason}")]
        public static partial void StaleView(ILogger logger, string encoder, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Encoder} tries again")]
        public static partial void TransientFault(ILogger logger, string encoder, Exception exception);

        [LoggerMessage(3, LogLevel.Error, "{Worker} cannot go on")]
        public static partial void FinalFault(ILogger logger, string worker, Exception exception);

        [LoggerMessage(4, LogLevel.Information, "{Encoder} asks again to commit {Attempt}: {Reason}")]
        public static partial void CommitFault(ILogger logger, string encoder, LeaseAttempt attempt, string reason);
    }
}
