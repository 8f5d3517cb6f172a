using System.Diagnostics;
using OrleansContrastive.Grains;
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
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _watching;

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
    public double LongestStall(TimeSpan since)
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
            return Math.Max(longest.TotalSeconds, (_clock.Elapsed - before).TotalSeconds);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        var last = -1L;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var status = await _client.Run(_run).StatusAsync().WaitAsync(AnswerWithin);
                // After a roll-back the count begins lower; its growth is progress all the same, its fall is not.
                if (status.LeasesDone > last && last >= 0)
                {
                    lock (_advances) _advances.Add(_clock.Elapsed);
                }

                last = status.LeasesDone;
            }
            catch (Exception exception) when (CallFaults.IsTransient(exception))
            {
                // The run grain is moving.
            }

            await Task.Delay(Period);
        }
    }
}
