using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Grains.Runs;

/// <summary>How the embeddings of a run lie, and whether they collapse. One thread at a time.</summary>
internal sealed class RunHealth
{
    private const int Recent = 8;

    private readonly Queue<HealthReport> _reports = [];
    private CollapseAlarm? _alarm;
    private bool _watches = true;

    /// <summary>Mean of recent looks; null before the first.</summary>
    public HealthReport? Report => _reports.Count == 0 ? null : new(
        _reports.Average(report => report.Alignment),
        _reports.Average(report => report.Uniformity),
        _reports.Average(report => report.StdRootD),
        _reports.Average(report => report.EffectiveRank),
        _reports.Average(report => report.ContrastiveAccuracy),
        _reports.Average(report => report.SoftmaxEntropy),
        _reports.Average(report => report.PositiveSimilarity),
        _reports.Average(report => report.HardestNegativeSimilarity));

    /// <summary>The alarm in force; null = none.</summary>
    public string? Alarm => _alarm?.Current?.Message;

    /// <summary>Takes a commit in. Returns what is to be said, the moment that an alarm is raised.</summary>
    public string? Add(CommitRequest commit, long version, RunSpec spec)
    {
        if (commit.Measures.Health is not { } health) return null;
        _reports.Enqueue(health);
        if (_reports.Count > Recent) _reports.Dequeue();
        if (_alarm is null && _watches)
        {
            var plan = MethodFactory.Plan(spec);
            _watches = plan.Guard is not null;
            if (plan.Guard is { } guard) _alarm = new(guard, plan.LossFloor);
        }

        return _alarm?.Observe(version, Measures(health, spec), commit.Measures.Loss)?.Message;
    }

    /// <summary>What a step measured, as it travels.</summary>
    public static HealthReport? Of(HealthMeasures? measures) => measures is not { } found ? null : new(
        found.Alignment, found.Uniformity, found.StdRootD, found.EffectiveRank,
        found.ContrastiveAccuracy, found.SoftmaxEntropy, found.PositiveSimilarity, found.HardestNegativeSimilarity);

    private static HealthMeasures Measures(HealthReport report, RunSpec spec) => new()
    {
        Alignment = report.Alignment,
        Uniformity = report.Uniformity,
        StdRootD = report.StdRootD,
        EffectiveRank = report.EffectiveRank,
        ContrastiveAccuracy = report.ContrastiveAccuracy,
        SoftmaxEntropy = report.SoftmaxEntropy,
        PositiveSimilarity = report.PositiveSimilarity,
        HardestNegativeSimilarity = report.HardestNegativeSimilarity,
        Rows = spec.LeaseSize,
        Width = spec.Model.EmbeddingWidth,
    };
}
