using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>One version of a shard: θ_q, its velocity, θ_k and the running batch-norm moments, as flat little-endian bytes.</summary>
/// <remarks>
/// Immutable and thread-safe. <see cref="Next"/> writes new arrays, so that a version which is on its way to somebody, or into
/// a checkpoint, is never rewritten. At the start θ_k = θ_q. After update t, θ_k has taken θ_q of t in and encodes the
/// keys of step t + 1: the order of MoCo's algorithm 1, where the average moves before the keys are encoded.
/// </remarks>
public sealed class ParameterVersion
{
    /// <summary>Restores a version.</summary>
    /// <param name="number">Updates applied since the beginning of the run.</param>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="weights">θ_q.</param>
    /// <param name="velocity">Momentum buffer.</param>
    /// <param name="keyWeights">θ_k.</param>
    /// <param name="moments">Running batch-norm moments; empty on shards that hold none.</param>
    /// <param name="meanSquare">Moving mean of the squared gradient; empty unless an adaptive correction needs it.</param>
    /// <param name="secondMoment">The optimizer's own moving mean of the squared gradient; empty unless it keeps one.</param>
    /// <param name="steps">Updates that moved the weights; null = as many as <paramref name="number"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or are no multiple of the element size.</exception>
    public ParameterVersion(
        long number,
        torch.ScalarType elementType,
        ReadOnlyMemory<byte> weights,
        ReadOnlyMemory<byte> velocity,
        ReadOnlyMemory<byte> keyWeights,
        ReadOnlyMemory<byte> moments,
        ReadOnlyMemory<byte> meanSquare = default,
        ReadOnlyMemory<byte> secondMoment = default,
        long? steps = null)
    {
        ElementSize = SizeOf(elementType);
        RequireLength(nameof(velocity), velocity.Length, weights.Length);
        RequireLength(nameof(keyWeights), keyWeights.Length, weights.Length);
        if (meanSquare.Length > 0) RequireLength(nameof(meanSquare), meanSquare.Length, weights.Length);
        if (secondMoment.Length > 0) RequireLength(nameof(secondMoment), secondMoment.Length, weights.Length);
        if (weights.Length % ElementSize != 0 || moments.Length % ElementSize != 0)
        {
            throw new ArgumentException(
                $"A shard of {elementType} has {weights.Length} bytes of weights and {moments.Length} of moments; "
                + $"expected multiples of {ElementSize}.");
        }

        (Number, Steps, ElementType) = (number, steps ?? number, elementType);
        (Weights, Velocity, KeyWeights, Moments) = (weights, velocity, keyWeights, moments);
        (MeanSquare, SecondMoment) = (meanSquare, secondMoment);
    }

    /// <summary>Updates applied since the beginning of the run.</summary>
    public long Number { get; }

    /// <summary>Updates that moved the weights: all but those whose leases were all skipped. The t of <see cref="AdamW"/>.</summary>
    public long Steps { get; }

    /// <summary>Float32 or Float64.</summary>
    public torch.ScalarType ElementType { get; }

    /// <summary>θ_q.</summary>
    public ReadOnlyMemory<byte> Weights { get; }

    /// <summary>Momentum buffer of the optimizer: its moving mean of the gradient.</summary>
    public ReadOnlyMemory<byte> Velocity { get; }

    /// <summary>θ_k, the exponential moving average of θ_q.</summary>
    public ReadOnlyMemory<byte> KeyWeights { get; }

    /// <summary>Running batch-norm moments of the query encoder. The key encoder's are never averaged.</summary>
    public ReadOnlyMemory<byte> Moments { get; }

    /// <summary>Moving mean of the squared gradient (<see cref="DelayCompensation"/>); empty unless an adaptive correction needs it.</summary>
    public ReadOnlyMemory<byte> MeanSquare { get; }

    /// <summary>The optimizer's moving mean of the squared gradient (<see cref="Optimizer.KeepsSecondMoment"/>); empty unless it
    /// keeps one. Never the one of <see cref="MeanSquare"/>, which sees the gradient before its correction.</summary>
    public ReadOnlyMemory<byte> SecondMoment { get; }

    /// <summary>Number of parameters in the shard.</summary>
    public int Count => Weights.Length / ElementSize;

    private int ElementSize { get; }

    /// <summary>Version 0: θ_k = θ_q and no velocity.</summary>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="weights">Initial θ_q, not copied: the caller gives the array away.</param>
    /// <param name="moments">Initial running moments, not copied.</param>
    /// <param name="adaptive">Keeps the moving mean of the squared gradient for an adaptive correction, from zero.</param>
    /// <param name="optimizer">Who will update it, and may keep a second moment, from zero; null = <see cref="Optimizer.Sgd"/>.</param>
    public static ParameterVersion Start(
        torch.ScalarType elementType,
        ReadOnlyMemory<byte> weights,
        ReadOnlyMemory<byte> moments,
        bool adaptive = false,
        Optimizer? optimizer = null) => new(
            0, elementType, weights, new byte[weights.Length], weights, moments,
            adaptive ? new byte[weights.Length] : default,
            optimizer is { KeepsSecondMoment: true } ? new byte[weights.Length] : default);

    /// <summary>Applies one version's updates: averages the gradients by sample count in slot order, takes the step, moves
    /// θ_k, folds the batch-norm moments.</summary>
    /// <param name="updates">Parts in slot order; none (every lease was skipped) only raises the number.</param>
    /// <param name="runs">What decays, covering the shard (<see cref="ParameterRun.Of"/>).</param>
    /// <param name="step">Coefficients of this update.</param>
    /// <param name="threads">Threads to use; the bits do not depend on it.</param>
    /// <param name="compensation">Carries the averaged gradient from the weights it was taken at to these; null = leaves it.</param>
    /// <param name="optimizer">Who takes the step, the same for all versions; null = <see cref="Optimizer.Sgd"/>.</param>
    /// <exception cref="ArgumentException">A part has another length than the shard, the optimizer's second moment is missing, or
    /// it needs the norms of tensors and a run is not one.</exception>
    public ParameterVersion Next(
        IReadOnlyList<StagedUpdate> updates,
        IReadOnlyList<ParameterRun> runs,
        in SgdStep step,
        int threads = 1,
        DelayCompensation? compensation = null,
        Optimizer? optimizer = null)
    {
        optimizer ??= Optimizer.Sgd;
        if (updates.Count == 0)
        {
            return new(Number + 1, ElementType, Weights, Velocity, KeyWeights, Moments, MeanSquare, SecondMoment, Steps);
        }

        if (compensation is not null)
        {
            RequireLength("The base weights", compensation.BaseWeights.Length, Weights.Length);
            if (compensation.Adaptive) RequireLength(nameof(MeanSquare), MeanSquare.Length, Weights.Length);
        }

        if (optimizer.KeepsSecondMoment) RequireLength(nameof(SecondMoment), SecondMoment.Length, Weights.Length);
        for (var i = 0; i < updates.Count; i++)
        {
            RequireLength($"The gradient of slot {i}", updates[i].Gradient.Length, Weights.Length);
            RequireLength($"The batch moments of slot {i}", updates[i].BatchMoments.Length, Moments.Length);
        }

        return ElementType == torch.ScalarType.Float64
            ? Next<double>(updates, runs, step, threads, compensation, optimizer)
            : Next<float>(updates, runs, step, threads, compensation, optimizer);
    }

    private ParameterVersion Next<T>(
        IReadOnlyList<StagedUpdate> updates,
        IReadOnlyList<ParameterRun> runs,
        SgdStep step,
        int threads,
        DelayCompensation? compensation,
        Optimizer optimizer)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var shares = WeightedMean.Shares([.. updates.Select(update => update.Samples)]);
        var pass = new ShardPass<T>(this, updates, shares, runs, step, optimizer, compensation);
        pass.Run(threads);
        return new(
            Number + 1, ElementType, pass.Weights, pass.Velocity, pass.KeyWeights, FoldMoments<T>(updates, shares),
            pass.MeanSquare.Length > 0 ? pass.MeanSquare : MeanSquare,
            pass.SecondMoment.Length > 0 ? pass.SecondMoment : SecondMoment,
            Steps + 1);
    }

    private ReadOnlyMemory<byte> FoldMoments<T>(IReadOnlyList<StagedUpdate> updates, double[] shares)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (Moments.Length == 0)
        {
            return Moments;
        }

        var folded = new byte[Moments.Length];
        var next = MemoryMarshal.Cast<byte, T>(folded.AsSpan());
        WeightedMean.Run([.. updates.Select(update => update.BatchMoments)], shares, 0, next);
        MomentFold.Fold(MemoryMarshal.Cast<byte, T>(Moments.Span), next, next);
        return folded;
    }

    private static int SizeOf(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float32 => sizeof(float),
        torch.ScalarType.Float64 => sizeof(double),
        _ => throw new ArgumentException($"A parameter shard holds {type}; expected Float32 or Float64.", nameof(type)),
    };

    private static void RequireLength(string name, int found, int expected)
    {
        if (found != expected)
        {
            throw new ArgumentException($"{name} has {found} bytes; expected {expected}.");
        }
    }
}
