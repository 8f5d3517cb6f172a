namespace OrleansContrastive.Learning.Optimizers;

/// <summary>What the optimizers take beside rate, momentum and weight decay. Each takes its own of these.</summary>
public sealed record OptimizerConstants
{
    /// <summary>AdamW: share of the past in the mean of the gradient; in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW: share of the past in the mean of the squared gradient; in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW, LARS (lightly, solo) and LARC: keeps a divisor from zero; above 0.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>LARS and LARC: η, how far a tensor may move in proportion to its norm; above 0.</summary>
    public double TrustCoefficient { get; init; } = 0.001;

    /// <summary>LARS (solo) and LARC: the tensor's own rate is no more than the run's: r ← min(r/lr, 1).</summary>
    public bool ClipsTrust { get; init; }

    /// <summary>All: no tensor's gradient is longer than this (DINO: 3); 0 = as long as it is.</summary>
    public double GradientClip { get; init; }

    /// <summary>Throws where a constant is out of range.</summary>
    /// <exception cref="ArgumentException">Names the constant, what was expected and what was found.</exception>
    public void Validate()
    {
        Require(nameof(Beta1), Beta1, Beta1 is >= 0 and < 1, "0 to below 1");
        Require(nameof(Beta2), Beta2, Beta2 is >= 0 and < 1, "0 to below 1");
        Require(nameof(Epsilon), Epsilon, Epsilon is > 0 and < double.PositiveInfinity, "above 0");
        Require(nameof(TrustCoefficient), TrustCoefficient, TrustCoefficient is > 0 and < double.PositiveInfinity, "above 0");
        Require(nameof(GradientClip), GradientClip, GradientClip is >= 0 and < double.PositiveInfinity, "0 or more");
    }

    private static void Require(string name, double value, bool holds, string expected)
    {
        if (!holds) throw new ArgumentException(FormattableString.Invariant($"{name} of the optimizer is {value}; expected {expected}."));
    }
}
