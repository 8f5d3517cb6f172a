using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>What a run shows of itself: means over its recent commits. One thread at a time.</summary>
internal sealed class RunMeters(TimeProvider time)
{
    private const int Recent = 64;
    private const int LossesKept = 512;
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(10);

    private readonly Queue<(CommitRequest Commit, long Staleness, long KeyLag)> _commits = [];
    private readonly Queue<double> _losses = [];
    private readonly Queue<(long At, long Samples)> _rate = [];
    private long _started;
    private long _ended;
    private bool _running;

    /// <summary>Images that could not be read.</summary>
    public long BrokenImages { get; private set; }

    /// <summary>The clocks.</summary>
    public RunClocks Clocks { get; } = new();

    /// <summary>How the embeddings lie.</summary>
    public RunHealth Health { get; } = new();

    /// <summary>Losses of recent commits, oldest first.</summary>
    public double[] Losses => [.. _losses];

    /// <summary>Mean loss of recent commits.</summary>
    public double Loss => Mean(entry => entry.Commit.Measures.Loss);

    /// <summary>ln(negatives + 1), mean of recent commits.</summary>
    public double ChanceLevel => Mean(entry => entry.Commit.Measures.ChanceLevel);

    /// <summary>Contrastive accuracy, mean of recent commits.</summary>
    public double Accuracy => Mean(entry => entry.Commit.Measures.Accuracy);

    /// <summary>Versions between a gradient's weights and its place in the order, mean of recent commits.</summary>
    public double Staleness => Mean(entry => entry.Staleness);

    /// <summary>Versions between the key weights used and the newest, mean of recent commits.</summary>
    public double KeyLag => Mean(entry => entry.KeyLag);

    /// <summary>Samples per second over the last seconds.</summary>
    public double ImagesPerSecond
    {
        get
        {
            while (_rate.Count > 2 && time.GetElapsedTime(_rate.Peek().At) > RateWindow) _rate.Dequeue();
            if (_rate.Count < 2) return 0;
            var seconds = time.GetElapsedTime(_rate.Peek().At, _rate.Last().At).TotalSeconds;
            // The first entry only marks the beginning of the window.
            return seconds > 0 ? _rate.Skip(1).Sum(entry => entry.Samples) / seconds : 0;
        }
    }

    /// <summary>Seconds since the first lease was granted, until the end of the run.</summary>
    public double Seconds => _started == 0 ? 0 : time.GetElapsedTime(_started, _running ? time.GetTimestamp() : _ended).TotalSeconds;

    /// <summary>The clock of the run starts.</summary>
    public void Start()
    {
        if (_running) return;
        _running = true;
        _started = time.GetTimestamp();
        _rate.Enqueue((_started, 0));
    }

    /// <summary>The clock of the run stops.</summary>
    public void End()
    {
        if (!_running) return;
        _running = false;
        _ended = time.GetTimestamp();
    }

    /// <summary>A commit was accepted.</summary>
    public void Add(CommitRequest commit, long version, RunSpec spec)
    {
        BrokenImages += commit.Measures.BrokenImages;
        Clocks.Add(commit, version, spec);
        if (commit.Skipped) return;
        _commits.Enqueue((commit, version - commit.BaseVersion, version - commit.KeyVersion));
        if (_commits.Count > Recent) _commits.Dequeue();
        _losses.Enqueue(commit.Measures.Loss);
        if (_losses.Count > LossesKept) _losses.Dequeue();
        _rate.Enqueue((time.GetTimestamp(), commit.Samples));
    }

    private double Mean(Func<(CommitRequest Commit, long Staleness, long KeyLag), double> of) => _commits.Count == 0 ? 0 : _commits.Average(of);
}
