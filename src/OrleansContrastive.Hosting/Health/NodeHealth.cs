using System.Collections.Concurrent;

namespace OrleansContrastive.Hosting.Health;

/// <summary>When this silo last did what it is there for, on monotonic time. Safe for all threads.</summary>
public sealed class NodeHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Contact> _runs = new(StringComparer.Ordinal);
    private long _store;

    /// <summary>The silo has joined the cluster and begun its work.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The silo was asked to stop.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>The others have declared this silo dead: it was silent for too long, and must not go on.</summary>
    public bool IsDeclaredDead { get; private set; }

    /// <summary>The silo was declared dead.</summary>
    public void DeclaredDead() => IsDeclaredDead = true;

    /// <summary>The silo has joined.</summary>
    public void Started() => HasStarted = true;

    /// <summary>The silo begins to drain.</summary>
    public void Stopping() => IsStopping = true;

    /// <summary>The store was read.</summary>
    public void StoreAnswered() => Volatile.Write(ref _store, time.GetTimestamp());

    /// <summary>A run's loop has turned once, whatever came of it.</summary>
    public void Served(string run) => Of(run).Turned = time.GetTimestamp();

    /// <summary>A run has answered a heartbeat.</summary>
    public void Answered(string run) => Of(run).Answered = time.GetTimestamp();

    /// <summary>How long ago the store was last read; null before the first time.</summary>
    public TimeSpan? SinceStore => Volatile.Read(ref _store) is var at and not 0 ? time.GetElapsedTime(at) : null;

    /// <summary>The runs whose loop has not turned for so long.</summary>
    public IReadOnlyList<string> Stuck(TimeSpan limit) =>
        [.. _runs.Where(run => run.Value.Turned != 0 && time.GetElapsedTime(run.Value.Turned) > limit).Select(run => run.Key)];

    /// <summary>The runs that have not answered for so long.</summary>
    public IReadOnlyList<string> Silent(TimeSpan limit) =>
        [.. _runs.Where(run => time.GetElapsedTime(Math.Max(run.Value.Answered, run.Value.Known)) > limit).Select(run => run.Key)];

    private Contact Of(string run) => _runs.GetOrAdd(run, _ => new() { Known = time.GetTimestamp() });

    private sealed class Contact
    {
        private long _turned;
        private long _answered;

        public long Known { get; init; }

        public long Turned
        {
            get => Volatile.Read(ref _turned);
            set => Volatile.Write(ref _turned, value);
        }

        public long Answered
        {
            get => Volatile.Read(ref _answered);
            set => Volatile.Write(ref _answered, value);
        }
    }
}
