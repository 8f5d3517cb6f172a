using System.Diagnostics;
using Orleans.Runtime;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>Looks at a run's version all the time, and knows how long it stood still.</summary>
internal sealed class ProgressWatch : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(TimeSpan At, long Leases)> _advances = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _watching;

    public ProgressWatch(TestCluster cluster)
    {
        _cluster = cluster;
        _watching = WatchAsync();
    }

    /// <summary>Now, on the watch's clock.</summary>
    public TimeSpan Now => _clock.Elapsed;

    /// <summary>
    /// The longest time without a new commit that had not ended by <paramref name="since"/>: what the run stood still because of
    /// what happened then.
    /// </summary>
    public double LongestStall(TimeSpan since)
    {
        lock (_advances)
        {
            var longest = TimeSpan.Zero;
            var before = since;
            foreach (var (at, _) in _advances.Where(advance => advance.At > since))
            {
                if (at - before > longest) longest = at - before;
                before = at;
            }

            return longest.TotalSeconds;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        var most = -1L;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var status = await _cluster.Client.Run(TestCluster.Run).StatusAsync().WaitAsync(TimeSpan.FromSeconds(2));
                // After a roll-back the count begins lower; its growth is progress all the same.
                if (status.LeasesDone != most) lock (_advances) _advances.Add((_clock.Elapsed, status.LeasesDone));
                most = status.LeasesDone;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or IOException)
            {
                // The run grain is moving.
            }

            await Task.Delay(20);
        }
    }
}
