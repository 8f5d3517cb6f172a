using Microsoft.Extensions.Logging;
using Orleans;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Health;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>
/// What this silo does for one run: sends it heartbeats, wakes the grains that it wants here, and starts and stops its own
/// encoders.
/// </summary>
internal sealed partial class RunServer(
    string run, IGrainFactory grains, SiloIdentity silo, WorkerOptions options, NodeHealth health, TimeProvider time, ILogger logger)
{
    // While a run is being set up, every round trip counts.
    private static readonly TimeSpan Eager = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DrainStep = TimeSpan.FromMilliseconds(100);

    // A heartbeat that got lost with the run's silo must not keep the next one from finding its new place, nor, while
    // that one is answered, make this silo silent (WorkerRoster.Patience).
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1.5);

    private readonly string[] _lanes = (silo.Roles & Nodes.GrainRoles.NeedingLanes) == 0 ? [] : LaneFactory.Names(options);
    private readonly HashSet<string> _active = new(StringComparer.Ordinal);
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);

    // What is asked of each grain here, one thing at a time. An encoder that finishes its lease may take longer than a heartbeat may.
    private readonly Dictionary<string, Task> _asked = new(StringComparer.Ordinal);

    /// <summary>Sends heartbeats until the silo stops.</summary>
    public async Task ServeAsync(CancellationToken stop)
    {
        var pause = Eager;
        while (!stop.IsCancellationRequested)
        {
            pause = await BeatAsync() ? options.Heartbeat : pause + Eager < options.Heartbeat ? pause + Eager : options.Heartbeat;
            health.Served(run);
            await DelayAsync(pause, stop);
        }
    }

    /// <summary>
    /// Hands everything over: tells the run, lets the encoders finish what they compute, and waits until the run needs nothing here
    /// any more. False where patience ended first.
    /// </summary>
    public async Task<bool> LeaveAsync(CancellationToken patience)
    {
        await SayGoodbyeAsync();
        var stopped = StopAllAsync();
        while (!patience.IsCancellationRequested)
        {
            if (await SayGoodbyeAsync() && stopped.IsCompleted) return true;
            await DelayAsync(DrainStep, patience);
        }

        Log.NotTakenOver(logger, run, options.DrainTimeout.TotalSeconds);
        return false;
    }

    /// <summary>One heartbeat. True when the run has nothing more to set up here.</summary>
    private async Task<bool> BeatAsync()
    {
        try
        {
            var assignment = await SendAsync(leaving: false);
            health.Answered(run);
            var asleep = assignment.Grains.Except(Copy(_active)).ToList();
            foreach (var key in asleep) Ask(key, () => WakeAsync(key));
            foreach (var key in assignment.Grains.Where(IsEncoder).Except(asleep)) Ask(key, () => DriveAsync(key, assignment));
            // What was scaled away. A run grain that has just been found again does not know yet what it wants.
            foreach (var key in assignment.Running ? Copy(_running).Except(assignment.Grains) : []) Ask(key, () => StopAsync(key));
            return asleep.Count == 0 && (assignment.Running || assignment.Finished);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The run grain may be moving; the next heartbeat finds it.
            Log.HeartbeatFailed(logger, run, exception.Message);
            return true;
        }
    }

    private Task<WorkerAssignment> SendAsync(bool leaving) =>
        grains.GetGrain<ITrainingRunGrain>(run).HeartbeatAsync(new()
        {
            Silo = silo.Name,
            Roles = silo.Roles,
            Lanes = _lanes,
            Active = Copy(_active),
            Leaving = leaving,
        }).WaitAsync(AnswerWithin, time);

    /// <summary>Tells the run that this silo leaves. True when it needs nothing here any more.</summary>
    private async Task<bool> SayGoodbyeAsync()
    {
        try
        {
            var assignment = await SendAsync(leaving: true);
            return assignment.Grains.Length == 0 || assignment.Finished;
        }
        catch (Exception exception)
        {
            Log.HeartbeatFailed(logger, run, exception.Message);
            return false;
        }
    }

    /// <summary>Asks without waiting. Where a grain has not answered what it was asked before, the next heartbeat asks.</summary>
    private void Ask(string key, Func<Task> what)
    {
        if (_asked.TryGetValue(key, out var before) && !before.IsCompleted) return;
        _asked[key] = AskAsync();

        async Task AskAsync()
        {
            try
            {
                await what();
            }
            catch (Exception exception)
            {
                Log.AskFailed(logger, key, exception.Message);
            }
        }
    }

    private async Task StopAllAsync()
    {
        await Task.WhenAll(_asked.Values);
        await Task.WhenAll(Copy(_running).Select(StopAsync));
    }

    private async Task WakeAsync(string key)
    {
        await Find(key).WakeAsync();
        lock (_active) _active.Add(key);
    }

    private async Task DriveAsync(string encoder, WorkerAssignment assignment)
    {
        if (assignment.Running)
        {
            // Again and again: it ends by itself with the run, and the run may have been stopped and gone on with between two heartbeats.
            await grains.GetGrain<IEncoderGrain>(encoder).StartAsync();
            lock (_running) _running.Add(encoder);
            return;
        }

        bool ran;
        lock (_running) ran = _running.Remove(encoder);
        if (ran && assignment.Finished) await StopAsync(encoder);
    }

    private async Task StopAsync(string encoder)
    {
        try
        {
            await grains.GetGrain<IEncoderGrain>(encoder).StopAsync();
        }
        catch (Exception exception)
        {
            Log.StopFailed(logger, encoder, exception);
        }
        finally
        {
            lock (_running) _running.Remove(encoder);
        }
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken stop)
    {
        try
        {
            await Task.Delay(delay, time, stop);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at the token itself.
        }
    }

    private static string[] Copy(HashSet<string> keys)
    {
        lock (keys) return [.. keys];
    }

    private static bool IsEncoder(string key) => GrainKeys.Parse(key).Kind == GrainKind.Encoder;

    private ISiloGrain Find(string key) => GrainKeys.Parse(key).Kind switch
    {
        GrainKind.Augmentation => grains.GetGrain<IAugmentationGrain>(key),
        GrainKind.Encoder => grains.GetGrain<IEncoderGrain>(key),
        GrainKind.MomentumEncoder => grains.GetGrain<IMomentumEncoderGrain>(key),
        GrainKind.NegativeStore => grains.GetGrain<INegativeStoreGrain>(key),
        GrainKind.ParameterServer => grains.GetGrain<IParameterServerGrain>(key),
        GrainKind.Evaluation => grains.GetGrain<IEvaluationGrain>(key),
        var kind => throw new ArgumentException($"Grain '{key}' is of the kind {kind}, which no silo hosts."),
    };

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Warning, "Heartbeat to run {Run} failed: {Reason}")]
        public static partial void HeartbeatFailed(ILogger logger, string run, string reason);

        [LoggerMessage(25, LogLevel.Warning, "{Grain} did not do what the run wants of it and is asked again: {Reason}")]
        public static partial void AskFailed(ILogger logger, string grain, string reason);

        [LoggerMessage(21, LogLevel.Warning, "Encoder {Encoder} did not stop in order")]
        public static partial void StopFailed(ILogger logger, string encoder, Exception exception);

        [LoggerMessage(23, LogLevel.Warning, "Run {Run} still needs this silo after {Seconds:F0} s; it leaves all the same")]
        public static partial void NotTakenOver(ILogger logger, string run, double seconds);
    }
}
