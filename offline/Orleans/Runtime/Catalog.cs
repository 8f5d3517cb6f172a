using System.Collections.Concurrent;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// The activations of this silo, one per grain at most. An activation stays in until its end is complete, so that the next
/// one never overlaps it.
/// </summary>
internal sealed class Catalog(Silo silo) : IDisposable
{
    // A message that was sent on this often meets activations that end as they begin.
    private const int MostForwards = 100;

    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private ITimer? _collector;
    private long _tick;
    private long _lastStamp;
    private volatile bool _isStopping;
    private volatile bool _isDisposed;

    /// <summary>The time in collection quanta.</summary>
    public long Tick => Volatile.Read(ref _tick);

    /// <summary>No new activations are made.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>The silo has stopped.</summary>
    public bool IsDisposed => _isDisposed;

    public void Start(GrainCollectionOptions options, TimeProvider time)
    {
        var quantum = options.CollectionQuantum;
        _collector = Timers.Create(time, _ => Collect(quantum), null, quantum, quantum);
    }

    /// <summary>The activation of a grain, if there is one.</summary>
    public Activation? Find(GrainId grainId) => _activations.GetValueOrDefault(grainId);

    /// <summary>A number that no other activation of this silo has.</summary>
    public long NextStamp() => Interlocked.Increment(ref _lastStamp);

    /// <summary>The activation of a grain, made where there is none.</summary>
    /// <exception cref="OrleansException">This silo does not host the class.</exception>
    /// <exception cref="SiloUnavailableException">The silo stops and makes no new activations.</exception>
    public Activation GetOrCreate(GrainId grainId)
    {
        while (true)
        {
            if (_activations.TryGetValue(grainId, out var found)) return found;
            var grainClass = silo.Classes.Find(grainId.Type) ?? throw new OrleansException(
                $"Silo {silo.Details.SiloAddress} is not compatible with grain {grainId}: it hosts {silo.Classes}.");
            if (_isStopping) throw new SiloUnavailableException($"Silo {silo.Details.SiloAddress} stops and does not activate {grainId}.");
            var created = new Activation(silo, grainClass, grainId);
            if (!_activations.TryAdd(grainId, created)) continue;
            created.Activate();
            return created;
        }
    }

    public void Remove(Activation activation) => _activations.TryRemove(KeyValuePair.Create(activation.GrainId, activation));

    /// <summary>Sends a message on to the next activation of its grain.</summary>
    public void Forward(Message message)
    {
        if (message.IsLocalOnly) return;
        if (++message.Forwards > MostForwards)
            message.ReplyTo?.Fail(new OrleansMessageRejectionException($"Forwarded {MostForwards} times without finding an activation that stays: {message}"));
        else
            silo.Router.Send(message);
    }

    /// <summary>Ends all activations, also those that others make while they end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        while (!_activations.IsEmpty && !cancellationToken.IsCancellationRequested)
        {
            var ending = new List<Task>();
            foreach (var (_, activation) in _activations)
            {
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops."), CancellationToken.None);
                ending.Add(activation.Deactivated);
            }

            await Task.WhenAll(ending).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The grain is active on another silo too, and that one stays.</summary>
    public void EndDuplicate(GrainId grainId, long stamp)
    {
        if (Find(grainId) is { } activation && activation.Stamp == stamp)
        {
            activation.Deactivate(new DeactivationReason(
                DeactivationReasonCode.DuplicateActivation, "The grain is active on another silo, too."));
        }
    }

    /// <summary>Ends all activations as the end of the process would: no turn runs any more, and nothing is said to the grains.</summary>
    public void Abandon()
    {
        _isStopping = true;
        foreach (var (_, activation) in _activations) activation.Abandon();
        _activations.Clear();
    }

    public void Dispose()
    {
        _isDisposed = true;
        _collector?.Dispose();
    }

    private void Collect(TimeSpan quantum)
    {
        var tick = Interlocked.Increment(ref _tick);
        foreach (var (_, activation) in _activations) activation.CollectIfIdle(tick, quantum);
    }
}
