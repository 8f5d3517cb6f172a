namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// How averaged gradients become the next version of a shard (<see cref="ParameterVersion.Next"/>): on the parameter shards and
/// in a loop of one process the same code. Immutable and thread-safe.
/// </summary>
/// <remarks>What changes from update to update (rates, decay, momentum of the keys) is in <see cref="SgdStep"/>.</remarks>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>Stochastic gradient descent with momentum (<see cref="SgdEmaKernel"/>).</summary>
    public static Optimizer Sgd { get; } = new SgdOptimizer();

    /// <summary>The optimizers by name.</summary>
    public static IReadOnlyList<string> KnownNames { get; } =
        ["sgd", "adamw", "lars", "lars-google", "lars-lightly", "lars-solo", "larc"];

    /// <summary>Whether a shard keeps a moving mean of the squared gradient for it.</summary>
    public virtual bool KeepsSecondMoment => false;

    /// <summary>The longest that the averaged gradient of a tensor may be, in its Euclidean norm; 0 = no limit.</summary>
    /// <remarks>g ← g · min(1, clip / (‖g‖ + 10⁻⁶)) for each tensor, as in DINO's release, before all else that is done to g.</remarks>
    public double GradientClip { get; init; }

    /// <summary>Whether the norms of whole tensors count, so that neighbours are not joined (<see cref="ParameterRun.Alone"/>).</summary>
    public virtual bool TakesNorms => GradientClip > 0;

    /// <summary>Finds an optimizer.</summary>
    /// <param name="name">One of <see cref="KnownNames"/>; <c>lars</c> is the form of MoCo v3, Barlow Twins and VICReg.</param>
    /// <param name="constants">Its constants; those of other optimizers are passed over.</param>
    /// <exception cref="ArgumentException">The name is not known, or a constant is out of range.</exception>
    public static Optimizer Create(string name, OptimizerConstants constants)
    {
        ArgumentNullException.ThrowIfNull(constants);
        constants.Validate();
        Optimizer optimizer = name switch
        {
            "sgd" => Sgd,
            "adamw" => new AdamW(constants.Beta1, constants.Beta2, constants.Epsilon),
            "lars" => Lars(LarsForm.MocoV3),
            "lars-google" => Lars(LarsForm.Google),
            "lars-lightly" => Lars(LarsForm.Lightly),
            "lars-solo" => Lars(LarsForm.Solo),
            "larc" => Lars(LarsForm.Larc),
            _ => throw new ArgumentException($"Unknown optimizer '{name}'; known are: {string.Join(", ", KnownNames)}.", nameof(name)),
        };
        return constants.GradientClip > 0 ? optimizer with { GradientClip = constants.GradientClip } : optimizer;

        Lars Lars(LarsForm form) => new(form, constants.TrustCoefficient, constants.Epsilon, constants.ClipsTrust);
    }

    private sealed record SgdOptimizer : Optimizer;
}
