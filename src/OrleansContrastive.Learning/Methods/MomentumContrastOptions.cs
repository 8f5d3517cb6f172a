using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives.Sampling;

namespace OrleansContrastive.Learning.Methods;

/// <summary>How a symmetric step adds its two directions; it decides what a learning rate means.</summary>
public enum SymmetricLoss
{
    /// <summary>L = L₁₂ + L₂₁, as MoCo's CIFAR-10 demo has it: twice the gradient of one direction.</summary>
    Sum,

    /// <summary>L = ½(L₁₂ + L₂₁): the learning rate means what it means in the asymmetric method.</summary>
    Mean,
}

/// <summary>Options of <see cref="MomentumContrast"/> that are its own; a run has the others.</summary>
public sealed record MomentumContrastSwitches
{
    /// <summary>How the two directions of a symmetric run add up; MoCo's CIFAR-10 demo has the sum.</summary>
    public SymmetricLoss SymmetricLoss { get; init; } = SymmetricLoss.Mean;
}

/// <summary>The constants of momentum contrast.</summary>
public sealed record MomentumContrastOptions
{
    /// <summary>MoCo v1 on ImageNet (He et al. 2020, section 3.3): linear head, T 0.07.</summary>
    public static MomentumContrastOptions Version1 { get; } = new() { Temperature = 0.07 };

    /// <summary>MoCo v2 on ImageNet (Chen et al. 2020): MLP head, T 0.2.</summary>
    public static MomentumContrastOptions Version2 { get; } = new();

    /// <summary>MoCo's CIFAR-10 demo: a short queue and a quick key encoder for a small data set.</summary>
    public static MomentumContrastOptions SmallData { get; } =
        new() { QueueLength = 4096, Temperature = 0.1, Momentum = 0.99 };

    /// <summary>Keys in the queue, K.</summary>
    public int QueueLength { get; init; } = 65536;

    /// <summary>T of the softmax.</summary>
    public double Temperature { get; init; } = 0.2;

    /// <summary>m of θ_k ← m θ_k + (1 − m) θ_q, per reference batch.</summary>
    public double Momentum { get; init; } = 0.999;

    /// <summary>Contrasts both views against each other's keys.</summary>
    public bool Symmetric { get; init; }

    /// <summary>How the two directions add up.</summary>
    public SymmetricLoss SymmetricLoss { get; init; } = SymmetricLoss.Sum;

    /// <summary>Permutes the keys' batch, so that split batch norm normalises a key and its query among different neighbours
    /// and cannot give the answer away (He et al. 2020, section 3.3, shuffling BN).</summary>
    public bool ShuffleBatchNorm { get; init; } = true;

    /// <summary>Leaves rows of a query's own image out of its negatives. MoCo as released keeps them.</summary>
    public bool MaskOwnSamples { get; init; } = true;

    /// <summary>Which negatives count and how much.</summary>
    public INegativeSampling Sampling { get; init; } = new AllRows();

    /// <summary>Weight of one direction's gradient.</summary>
    public double DirectionWeight => Symmetric && SymmetricLoss == SymmetricLoss.Mean ? 0.5 : 1.0;

    /// <summary>The constants as a run has them.</summary>
    public static MomentumContrastOptions Of(MethodContext context, MomentumContrastSwitches switches) => new()
    {
        QueueLength = context.QueueLength,
        Temperature = context.Temperature,
        Momentum = context.KeyMomentum,
        Symmetric = context.Symmetric,
        SymmetricLoss = switches.SymmetricLoss,
        ShuffleBatchNorm = context.ShuffleKeys,
        MaskOwnSamples = context.MaskOwnSamples,
        Sampling = context.Sampling,
    };

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range; the message names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueLength);
        if (!(Temperature > 0 && double.IsFinite(Temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "Expected a positive number.");
        }

        if (!(Momentum is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Momentum), Momentum, "Expected 0 to 1.");
        }
    }
}
