using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// The course of a run from its first commit, for plots: at most <see cref="MostPoints"/> points, some 60 KB as a file of every
/// checkpoint. When they are full, neighbours are joined and every later point takes twice as many commits, so a long run is
/// remembered as a whole, only coarser. It says nothing about time, so equal runs have equal histories. One caller at a time.
/// </summary>
public sealed class RunHistory
{
    /// <summary>Points that are kept.</summary>
    public const int MostPoints = 512;

    /// <summary>Name of the file in a checkpoint.</summary>
    public const string FileName = "history.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // A loss that is not finite is worth remembering.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly List<RunPoint> _points;
    private readonly List<(LeaseId Lease, RunPoint Point)> _waiting = [];
    private int _commitsPerPoint;

    /// <summary>That of a run that has not begun.</summary>
    public RunHistory()
        : this([], 1)
    {
    }

    private RunHistory(List<RunPoint> points, int commitsPerPoint) => (_points, _commitsPerPoint) = (points, commitsPerPoint);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<RunPoint> Points => _points;

    /// <summary>The history that a checkpoint holds; an empty one where it has none.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public static async Task<RunHistory> ReadAsync(ManifestStore manifests, Manifest? manifest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manifests);
        if (manifest is null || manifest.Files.All(file => file.Name != FileName)) return new();
        try
        {
            var bytes = await manifests.ReadFileAsync(manifest, FileName, cancellationToken).ConfigureAwait(false);
            var stored = JsonSerializer.Deserialize<Stored>(bytes.Span, Json)!;
            return new([.. stored.Points], Math.Max(1, stored.CommitsPerPoint));
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"{FileName} of run '{manifest.RunId}', version {manifest.Version}, cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>The file's content as of now.</summary>
    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(new Stored(_commitsPerPoint, [.. _points]), Json);

    /// <summary>A commit was accepted; in lockstep its version still waits for others.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="version">The newest version before it.</param>
    internal void Add(CommitRequest commit, long version)
    {
        if (commit.Skipped) return;
        var measures = commit.Measures;
        _waiting.Add((commit.Attempt.Lease, new(0, 1, measures.Loss, measures.ChanceLevel, measures.Accuracy, version - commit.BaseVersion, version - commit.KeyVersion)));
    }

    /// <summary>A version is complete: what was added since the last one belongs to it.</summary>
    internal void Complete(long samples)
    {
        if (_waiting.Count == 0) return;
        // In the order of leases, so that sums do not depend on who was first.
        var point = _waiting.OrderBy(waiting => waiting.Lease).Select(waiting => waiting.Point).Aggregate(Merge) with { Samples = samples };
        _waiting.Clear();
        if (_points.Count > 0 && _points[^1].Commits < _commitsPerPoint)
        {
            _points[^1] = Merge(_points[^1], point);
            return;
        }

        if (_points.Count == MostPoints) Join();
        _points.Add(point);
    }

    private void Join()
    {
        for (var i = 0; i < MostPoints / 2; i++) _points[i] = Merge(_points[2 * i], _points[(2 * i) + 1]);
        _points.RemoveRange(MostPoints / 2, MostPoints / 2);
        // A version of several slots made a point of several commits from the start.
        _commitsPerPoint = _points.Max(point => point.Commits);
    }

    /// <summary>Two neighbours as one.</summary>
    private static RunPoint Merge(RunPoint point, RunPoint next)
    {
        var share = next.Commits / (double)(point.Commits + next.Commits);
        double Mean(double mine, double its) => mine + ((its - mine) * share);
        return new(
            next.Samples, point.Commits + next.Commits, Mean(point.Loss, next.Loss), Mean(point.ChanceLevel, next.ChanceLevel),
            Mean(point.Accuracy, next.Accuracy), Mean(point.Staleness, next.Staleness), Mean(point.KeyLag, next.KeyLag));
    }

    private sealed record Stored(int CommitsPerPoint, RunPoint[] Points);
}
