using System.Diagnostics;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>Looks at a run's progress all the time, and knows how long it stood still.</summary>
internal sealed class ProgressWatch : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    // A question to a silo that is gone must not hide that the run goes on elsewhere.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    private readonly ClusterClient _client;
    private readonly string _run;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TimeSpan> _advances = [];
    // The watching task's alone, until it has ended.
    private readonly RunFigures _figures = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _watching;
    private long _seen = -1;

    /// <summary>Begins to look.</summary>
    public ProgressWatch(ClusterClient client, string run)
    {
        (_client, _run) = (client, run);
        _watching = WatchAsync();
    }

    /// <summary>Now, on the watch's clock.</summary>
    public TimeSpan Now => _clock.Elapsed;

    /// <summary>From the first commit that was seen to the last one, deaths included: a run's own clock begins again with its owner.</summary>
    public TimeSpan Trained
    {
        get
        {
            lock (_advances) return _advances.Count == 0 ? TimeSpan.Zero : _advances[^1] - _advances[0];
        }
    }

    /// <summary>
    /// The longest time without a new commit after a moment, in seconds: what the run stood still because of what happened then.
    /// It is not the time to the first commit, since some that were under way may still come in.
    /// </summary>
    /// <param name="since">The moment.</param>
    /// <param name="over">The run has made all its commits, so that the time since the last one is no stall.</param>
    public double LongestStall(TimeSpan since, bool over = false)
    {
        lock (_advances)
        {
            var (longest, before) = (TimeSpan.Zero, since);
            foreach (var at in _advances.Where(at => at > since))
            {
                if (at - before > longest) longest = at - before;
                before = at;
            }

            // What has not ended counts as well.
            return over ? longest.TotalSeconds : Math.Max(longest.TotalSeconds, (_clock.Elapsed - before).TotalSeconds);
        }
    }

    /// <summary>What the run's owners have measured, once the watch has seen so many leases done.</summary>
    public async Task<RunFigures> FiguresAsync(long leases, CancellationToken cancellation)
    {
        while (Interlocked.Read(ref _seen) < leases) await Task.Delay(Period, cancellation);
        await StopAsync();
        return _figures;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _watching;
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            // Nothing where the run grain is moving.
            if (await _client.TryAskAsync(_run, grain => grain.StatusAsync(), AnswerWithin) is { } status)
            {
                // After a roll-back the count begins lower; its growth is progress all the same, its fall is not.
                if (status.LeasesDone > _seen && _seen >= 0)
                {
                    lock (_advances) _advances.Add(_clock.Elapsed);
                }

                _figures.Add(status);
                Interlocked.Exchange(ref _seen, status.LeasesDone);
            }

            await Task.Delay(Period);
        }
    }
}
