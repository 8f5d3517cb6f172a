using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Dashboard.Monitoring;

/// <summary>What only time shows of a run: its curves, its evaluations, and what happened to it. Not thread-safe.</summary>
internal sealed class RunMemory
{
    // Twice as many are thinned to every second one, so that the whole run stays in sight.
    private const int MostPoints = 240;

    private readonly List<CurvePoint> _curve = [];
    private readonly List<KnnPoint> _knn = [];
    private RunStatus? _before;
    private long? _viewBefore;
    private int _every = 1;
    private int _seen;

    /// <summary>The newest view.</summary>
    public RunView? View { get; private set; }

    /// <summary>Whether an evaluation is under way.</summary>
    public bool Judging { get; set; }

    /// <summary>Takes a status in; returns what happened since the last one.</summary>
    public IReadOnlyList<(bool Warning, string Text)> Take(RunStatus status, RunView? view)
    {
        View = view ?? View;
        if (status.Phase is RunPhase.Running && _seen++ % _every == 0)
        {
            _curve.Add(new(status.Seconds, double.IsFinite(status.Loss) && status.Version > 0 ? status.Loss : null, status.ImagesPerSecond));
            if (_curve.Count >= 2 * MostPoints)
            {
                for (var i = _curve.Count - 1; i > 0; i -= 2) _curve.RemoveAt(i);
                _every *= 2;
            }
        }

        var happened = _before is null ? [] : Compare(_before, status, view).ToList();
        if (_before is null && status.Phase != RunPhase.Idle) happened.Add((false, $"seen first: {Word(status.Phase)} at version {status.Version}"));
        (_before, _viewBefore) = (status, view?.Number ?? _viewBefore);
        return happened;
    }

    /// <summary>Takes an evaluation in.</summary>
    public void Take(KnnReport report)
    {
        if (report.Results is [var first, .. var rest]) _knn.Add(new(report.Version, first.Top1, rest is [var second, ..] ? second.Top1 : first.Top1));
    }

    /// <summary>Adds what is remembered to a panel.</summary>
    public RunPanel Complete(RunPanel panel) => panel with { Curve = [.. _curve], Knn = [.. _knn], Judging = Judging };

    private IEnumerable<(bool Warning, string Text)> Compare(RunStatus before, RunStatus now, RunView? view)
    {
        if (now.Phase != before.Phase) yield return (now.Phase == RunPhase.Failed, $"{Word(before.Phase)} -> {Word(now.Phase)} at version {now.Version}");
        if (now.History > before.History)
            yield return (now.UpdatesRolledBack > before.UpdatesRolledBack, $"history {now.History}: {now.UpdatesRolledBack - before.UpdatesRolledBack} updates rolled back");
        if (now.SilosLost > before.SilosLost) yield return (true, $"{now.SilosLost - before.SilosLost} silo lost");
        if (now.LeasesRegranted > before.LeasesRegranted) yield return (false, $"{now.LeasesRegranted - before.LeasesRegranted} leases granted again");
        if (now.BrokenImages > before.BrokenImages) yield return (true, $"{now.BrokenImages - before.BrokenImages} broken images skipped");
        if (now.Checkpoint != before.Checkpoint && now.Checkpoint is not null) yield return (false, $"checkpoint {now.Checkpoint}");
        if (view is not null && _viewBefore is { } number && view.Number > number) yield return (false, $"view {view.Number}");
        if (now.Problem != before.Problem) yield return now.Problem is null ? (false, "goes on") : (true, now.Problem);
        if (now.Alarm != before.Alarm) yield return now.Alarm is null ? (false, "the embeddings have recovered") : (true, now.Alarm);
        foreach (var warning in now.Asynchrony?.Warnings.Except(before.Asynchrony?.Warnings ?? []) ?? []) yield return (true, warning);
    }

    private static string Word(RunPhase phase) => phase.ToString().ToLowerInvariant();
}
