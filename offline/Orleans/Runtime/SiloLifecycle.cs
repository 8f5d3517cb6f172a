namespace Orleans.Runtime;

/// <summary>Starts those who take part in the order of their stages, stops them in the opposite order.</summary>
internal sealed class SiloLifecycle : ISiloLifecycle
{
    private readonly List<(int Stage, ILifecycleObserver Observer)> _observers = [];

    public int HighestCompletedStage { get; private set; } = int.MinValue;

    public int LowestStoppedStage { get; private set; } = int.MaxValue;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        var entry = (stage, observer);
        lock (_observers) _observers.Add(entry);
        return new Subscription(() =>
        {
            lock (_observers) _observers.Remove(entry);
        });
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var stage in Stages().OrderBy(stage => stage.Key))
        {
            await Task.WhenAll(stage.Select(entry => entry.Observer.OnStart(cancellationToken))).ConfigureAwait(false);
            HighestCompletedStage = stage.Key;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var stage in Stages().Where(stage => stage.Key <= HighestCompletedStage).OrderByDescending(stage => stage.Key))
        {
            var stopping = Task.WhenAll(stage.Select(entry => entry.Observer.OnStop(cancellationToken)));
            await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.Exception is { } failure) failures.AddRange(failure.InnerExceptions);
            LowestStoppedStage = stage.Key;
        }

        if (failures.Count > 0) throw new AggregateException("Some services did not stop in order.", failures);
    }

    private IEnumerable<IGrouping<int, (int Stage, ILifecycleObserver Observer)>> Stages()
    {
        lock (_observers) return [.. _observers.GroupBy(entry => entry.Stage)];
    }

    private sealed class Subscription(Action dispose) : IDisposable
    {
        public void Dispose() => dispose();
    }
}
