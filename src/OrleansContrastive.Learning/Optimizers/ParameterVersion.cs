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
    // Keeps the tile of averaged gradients in the first-level cache.
    private const int TileElements = 2048;

    // Below this, waking a second thread costs more than it gives.
    private const int ElementsWorthAThread = 1 << 18;

    /// <summary>Restores a version.</summary>
    /// <param name="number">Updates applied since the beginning of the run.</param>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="weights">θ_q.</param>
    /// <param name="velocity">Momentum buffer.</param>
    /// <param name="keyWeights">θ_k.</param>
    /// <param name="moments">Running batch-norm moments; empty on shards that hold none.</param>
    /// <param name="meanSquare">Moving mean of the squared gradient; empty unless an adaptive correction needs it.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or are no multiple of the element size.</exception>
    public ParameterVersion(
        long number,
        torch.ScalarType elementType,
        ReadOnlyMemory<byte> weights,
        ReadOnlyMemory<byte> velocity,
        ReadOnlyMemory<byte> keyWeights,
        ReadOnlyMemory<byte> moments,
        ReadOnlyMemory<byte> meanSquare = default)
    {
        ElementSize = SizeOf(elementType);
        RequireLength(nameof(velocity), velocity.Length, weights.Length);
        RequireLength(nameof(keyWeights), keyWeights.Length, weights.Length);
        if (meanSquare.Length > 0) RequireLength(nameof(meanSquare), meanSquare.Length, weights.Length);
        if (weights.Length % ElementSize != 0 || moments.Length % ElementSize != 0)
        {
            throw new ArgumentException(
                $"A shard of {elementType} has {weights.Length} bytes of weights and {moments.Length} of moments; "
                + $"expected multiples of {ElementSize}.");
        }

        (Number, ElementType) = (number, elementType);
        (Weights, Velocity, KeyWeights, Moments, MeanSquare) = (weights, velocity, keyWeights, moments, meanSquare);
    }

    /// <summary>Updates applied since the beginning of the run.</summary>
    public long Number { get; }

    /// <summary>Float32 or Float64.</summary>
    public torch.ScalarType ElementType { get; }

    /// <summary>θ_q.</summary>
    public ReadOnlyMemory<byte> Weights { get; }

    /// <summary>Momentum buffer of the optimizer.</summary>
    public ReadOnlyMemory<byte> Velocity { get; }

    /// <summary>θ_k, the exponential moving average of θ_q.</summary>
    public ReadOnlyMemory<byte> KeyWeights { get; }

    /// <summary>Running batch-norm moments of the query encoder. The key encoder's are never averaged.</summary>
    public ReadOnlyMemory<byte> Moments { get; }

    /// <summary>Moving mean of the squared gradient (<see cref="DelayCompensation"/>); empty unless an adaptive correction needs it.</summary>
    public ReadOnlyMemory<byte> MeanSquare { get; }

    /// <summary>Number of parameters in the shard.</summary>
    public int Count => Weights.Length / ElementSize;

    private int ElementSize { get; }

    /// <summary>Version 0: θ_k = θ_q and no velocity.</summary>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="weights">Initial θ_q, not copied: the caller gives the array away.</param>
    /// <param name="moments">Initial running moments, not copied.</param>
    /// <param name="adaptive">Keeps the moving mean of the squared gradient, from zero.</param>
    public static ParameterVersion Start(
        torch.ScalarType elementType, ReadOnlyMemory<byte> weights, ReadOnlyMemory<byte> moments, bool adaptive = false) =>
        new(0, elementType, weights, new byte[weights.Length], weights, moments, adaptive ? new byte[weights.Length] : default);

    /// <summary>Applies one version's updates: averages the gradients by sample count in slot order, takes the step, moves
    /// θ_k, folds the batch-norm moments.</summary>
    /// <param name="updates">Parts in slot order; none (every lease was skipped) only raises the number.</param>
    /// <param name="runs">What decays, covering the shard (<see cref="ParameterRun.Join"/>).</param>
    /// <param name="step">Coefficients of this update.</param>
    /// <param name="threads">Threads to use; the bits do not depend on it.</param>
    /// <param name="compensation">Carries the averaged gradient from the weights it was taken at to these; null = leaves it.</param>
    /// <exception cref="ArgumentException">A part has another length than the shard.</exception>
    public ParameterVersion Next(
        IReadOnlyList<StagedUpdate> updates,
        IReadOnlyList<ParameterRun> runs,
        in SgdStep step,
        int threads = 1,
        DelayCompensation? compensation = null)
    {
        if (updates.Count == 0)
        {
            return new(Number + 1, ElementType, Weights, Velocity, KeyWeights, Moments, MeanSquare);
        }

        if (compensation is not null)
        {
            RequireLength("The base weights", compensation.BaseWeights.Length, Weights.Length);
            if (compensation.Adaptive) RequireLength(nameof(MeanSquare), MeanSquare.Length, Weights.Length);
        }

        for (var i = 0; i < updates.Count; i++)
        {
            RequireLength($"The gradient of slot {i}", updates[i].Gradient.Length, Weights.Length);
            RequireLength($"The batch moments of slot {i}", updates[i].BatchMoments.Length, Moments.Length);
        }

        return ElementType == torch.ScalarType.Float64
            ? Next<double>(updates, runs, step, threads, compensation)
            : Next<float>(updates, runs, step, threads, compensation);
    }

    private ParameterVersion Next<T>(
        IReadOnlyList<StagedUpdate> updates, IReadOnlyList<ParameterRun> runs, SgdStep step, int threads, DelayCompensation? compensation)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var shares = WeightedMean.Shares([.. updates.Select(update => update.Samples)]);
        ReadOnlyMemory<byte>[] gradients = [.. updates.Select(update => update.Gradient)];
        var weights = GC.AllocateUninitializedArray<byte>(Weights.Length);
        var velocity = GC.AllocateUninitializedArray<byte>(Weights.Length);
        var keyWeights = GC.AllocateUninitializedArray<byte>(Weights.Length);
        var meanSquare = GC.AllocateUninitializedArray<byte>(compensation is { Adaptive: true } ? Weights.Length : 0);

        var parts = Math.Clamp(Count / ElementsWorthAThread, 1, Math.Max(1, threads));
        var partLength = (Count + parts - 1) / parts;
        if (parts == 1)
        {
            UpdatePart(0);
        }
        else
        {
            Parallel.For(0, parts, UpdatePart);
        }

        return new(
            Number + 1, ElementType, weights, velocity, keyWeights, FoldMoments<T>(updates, shares),
            meanSquare.Length > 0 ? meanSquare : MeanSquare);

        void UpdatePart(int part)
        {
            var begin = part * partLength;
            var end = Math.Min(Count, begin + partLength);
            var averages = gradients.Length > 1;
            var tiled = averages || compensation is not null;
            Span<T> tile = stackalloc T[tiled ? TileElements : 0];
            foreach (var run in runs)
            {
                var coefficients = run.Decays ? step : step with { WeightDecay = 0 };
                var last = Math.Min(run.Offset + run.Length, end);
                var length = 0;
                for (var first = Math.Max(run.Offset, begin); first < last; first += length)
                {
                    length = tiled ? Math.Min(TileElements, last - first) : last - first;
                    if (averages)
                    {
                        WeightedMean.Run(gradients, shares, first, tile[..length]);
                    }

                    var gradient = averages ? tile[..length] : Elements(gradients[0].Span).Slice(first, length);
                    if (compensation is not null)
                    {
                        Compensate(compensation, first, gradient, tile[..length]);
                        gradient = tile[..length];
                    }

                    SgdEmaKernel.Step(
                        Elements(Weights.Span).Slice(first, length),
                        gradient,
                        Elements(Velocity.Span).Slice(first, length),
                        Elements(KeyWeights.Span).Slice(first, length),
                        MemoryMarshal.Cast<byte, T>(weights.AsSpan()).Slice(first, length),
                        MemoryMarshal.Cast<byte, T>(velocity.AsSpan()).Slice(first, length),
                        MemoryMarshal.Cast<byte, T>(keyWeights.AsSpan()).Slice(first, length),
                        coefficients);
                }
            }
        }

        // The tile is still in the first-level cache when the step reads it: one pass over memory.
        void Compensate(DelayCompensation how, int first, ReadOnlySpan<T> gradient, Span<T> compensated) => how.Apply(
            Elements(Weights.Span).Slice(first, compensated.Length),
            Elements(how.BaseWeights.Span).Slice(first, compensated.Length),
            gradient,
            how.Adaptive ? Elements(MeanSquare.Span).Slice(first, compensated.Length) : default,
            how.Adaptive ? MemoryMarshal.Cast<byte, T>(meanSquare.AsSpan()).Slice(first, compensated.Length) : default,
            compensated);

        static ReadOnlySpan<T> Elements(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, T>(bytes);
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
