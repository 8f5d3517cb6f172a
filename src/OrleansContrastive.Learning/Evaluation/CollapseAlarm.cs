using System.Globalization;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>What keeps a method from mapping every image to one point; decides which causes an alarm names.</summary>
public enum CollapseGuard
{
    /// <summary>Negatives: MoCo, SimCLR, InstDisc, CPC and their kin.</summary>
    Negatives,

    /// <summary>Stop-gradient and predictor: SimSiam, BYOL.</summary>
    Predictor,

    /// <summary>Variance and covariance terms: VICReg, Barlow Twins.</summary>
    Regularisation,

    /// <summary>Balanced or centred assignments: SwAV, DINO.</summary>
    Assignment,
}

/// <summary>How an embedding collapse shows.</summary>
[Flags]
public enum CollapseSigns
{
    /// <summary>It does not.</summary>
    None = 0,

    /// <summary>std · √D falls to 0: all rows are one point.</summary>
    EqualRows = 1,

    /// <summary>The effective rank falls to 1: all rows lie on one line.</summary>
    OneDirection = 2,

    /// <summary>The loss stands at the least value that it can have.</summary>
    LossAtFloor = 4,
}

/// <summary>An alarm, for a person to read.</summary>
/// <param name="Step">The observation that raised it.</param>
/// <param name="Signs">What showed.</param>
/// <param name="Message">The signs with their numbers, and the usual causes.</param>
public sealed record CollapseWarning(long Step, CollapseSigns Signs, string Message);

/// <summary>
/// Watches the health of a run and tells a collapse from a slow start: a sign counts only where it held in
/// <see cref="Patience"/> observations in a row without getting better from the first of them to the last. Raised once, and
/// again only after a recovery. A plain state machine: no clock, no tensors; one thread at a time.
/// </summary>
/// <param name="guard">What keeps the method from collapsing.</param>
/// <param name="lossFloor">
/// The least value of the loss, which it reaches where all rows are equal (-1 for SimSiam's negative cosine, 0 for BYOL's 2 - 2 cos);
/// null for losses with negatives or variance terms, which a collapse does not make small.
/// </param>
public sealed class CollapseAlarm(CollapseGuard guard, double? lossFloor = null)
{
    /// <summary>Observations in a row that a sign must hold.</summary>
    public const int Patience = 5;

    /// <summary>std · √D below this is a sign. Trained encoders have 0.5 to 1.</summary>
    public const double LeastStdRootD = 0.1;

    /// <summary>An effective rank below this is a sign.</summary>
    public const double LeastRank = 1.5;

    /// <summary>A loss within this of its floor is a sign.</summary>
    public const double FloorMargin = 0.005;

    // How much better a measure must become over the observations to count as a recovery in progress.
    private const double Progress = 1.1;

    private readonly Queue<(HealthMeasures Health, double Loss)> _recent = new();

    /// <summary>The alarm in force; null where there is none.</summary>
    public CollapseWarning? Current { get; private set; }

    /// <summary>Takes in one observation. Those with measures or a loss that are no numbers are passed over.</summary>
    /// <param name="step">Its number, as the message shall name it.</param>
    /// <param name="health">The measures of a batch.</param>
    /// <param name="loss">The loss of the same batch.</param>
    /// <returns>The alarm, the moment it is raised; otherwise null.</returns>
    public CollapseWarning? Observe(long step, in HealthMeasures health, double loss)
    {
        if (!health.IsFinite || !double.IsFinite(loss)) return null;
        _recent.Enqueue((health, loss));
        if (_recent.Count > Patience) _recent.Dequeue();
        var signs = Signs();
        if (signs == CollapseSigns.None)
        {
            if (Current is not null && HasRecovered(health, loss)) Current = null;
            return null;
        }

        if (Current is not null) return null;
        return Current = new(step, signs, Describe(step, signs, health, loss));
    }

    private CollapseSigns Signs()
    {
        if (_recent.Count < Patience) return CollapseSigns.None;
        var (first, last) = (_recent.Peek(), _recent.Last());
        var signs = CollapseSigns.None;
        if (_recent.All(seen => seen.Health.StdRootD < LeastStdRootD) && last.Health.StdRootD < first.Health.StdRootD * Progress + 1e-9)
            signs |= CollapseSigns.EqualRows;
        // Of 1 there is no less, so only what lies above it can get better.
        if (_recent.All(seen => seen.Health.EffectiveRank < LeastRank) && last.Health.EffectiveRank - 1 < ((first.Health.EffectiveRank - 1) * Progress) + 1e-9)
            signs |= CollapseSigns.OneDirection;
        if (lossFloor is { } floor && _recent.All(seen => seen.Loss < floor + FloorMargin)) signs |= CollapseSigns.LossAtFloor;
        return signs;
    }

    private bool HasRecovered(in HealthMeasures health, double loss) =>
        health.StdRootD >= 2 * LeastStdRootD && health.EffectiveRank >= 2 * LeastRank && !(lossFloor is { } floor && loss < floor + (2 * FloorMargin));

    private string Describe(long step, CollapseSigns signs, in HealthMeasures health, double loss)
    {
        var found = new List<string>();
        if (signs.HasFlag(CollapseSigns.EqualRows)) found.Add(Text($"std·√D is {health.StdRootD:0.0000} (healthy: near 1), so all embeddings are nearly one point"));
        if (signs.HasFlag(CollapseSigns.OneDirection)) found.Add(Text($"the effective rank is {health.EffectiveRank:0.00} of {Math.Min(health.Rows, health.Width)}, so all lie on one line"));
        if (signs.HasFlag(CollapseSigns.LossAtFloor)) found.Add(Text($"the loss {loss:0.0000} stands at its floor {lossFloor:0.##}"));
        return Text($"The embeddings have collapsed at step {step}: {string.Join("; ", found)}. Usual causes: {Causes()}.");
    }

    private string Causes() => guard switch
    {
        CollapseGuard.Predictor => "no stop-gradient on the target branch; no predictor, or one whose learning rate decays (SimSiam keeps it constant); no batch norm in the "
            + "projector; a learning rate too high or a weight decay too strong",
        CollapseGuard.Regularisation => "the variance or decorrelation weight too small against the invariance term; a batch too small for its "
            + "statistics; a learning rate too high",
        CollapseGuard.Assignment => "no centring or sharpening (DINO), too few Sinkhorn iterations or too large an epsilon (SwAV); a teacher "
            + "temperature too high; a queue that is used before it is full",
        _ => "a temperature too high; positives among the negatives, or too few negatives; a learning rate too high or a weight decay too "
            + "strong; augmentation so strong that views share nothing",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
