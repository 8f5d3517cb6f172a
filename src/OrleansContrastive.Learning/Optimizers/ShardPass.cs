using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>
/// One optimizer's pass over a shard: averages the gradients, compensates them, takes the step and moves θ_k, tile by tile. The
/// bits depend neither on the tiles nor on the threads. Runs once.
/// </summary>
internal sealed class ShardPass<T>(
    ParameterVersion current,
    IReadOnlyList<StagedUpdate> updates,
    double[] shares,
    IReadOnlyList<ParameterRun> runs,
    SgdStep step,
    Optimizer optimizer,
    DelayCompensation? compensation)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // Keeps the tile of averaged gradients in the first-level cache.
    private const int TileElements = 2048;

    // Below this, waking a second thread costs more than it gives.
    private const int ElementsWorthAThread = 1 << 18;

    private readonly ReadOnlyMemory<byte>[] _gradients = [.. updates.Select(update => update.Gradient)];
    private readonly SgdStep[] _coefficients = [.. runs.Select(run => step.For(run))];

    // What a clipped gradient is multiplied by, for each run; nothing where none is clipped.
    private double[] _shrinkage = [];

    /// <summary>θ_q of the next version.</summary>
    public byte[] Weights { get; } = GC.AllocateUninitializedArray<byte>(current.Weights.Length);

    /// <summary>The next momentum buffer.</summary>
    public byte[] Velocity { get; } = GC.AllocateUninitializedArray<byte>(current.Weights.Length);

    /// <summary>θ_k of the next version.</summary>
    public byte[] KeyWeights { get; } = GC.AllocateUninitializedArray<byte>(current.Weights.Length);

    /// <summary>The next moving mean of the squared gradient that compensation needs, or nothing.</summary>
    public byte[] MeanSquare { get; } =
        GC.AllocateUninitializedArray<byte>(compensation is { Adaptive: true } ? current.Weights.Length : 0);

    /// <summary>The optimizer's next moving mean of the squared gradient, or nothing.</summary>
    public byte[] SecondMoment { get; } = GC.AllocateUninitializedArray<byte>(optimizer.KeepsSecondMoment ? current.Weights.Length : 0);

    private bool Averages => _gradients.Length > 1;

    private bool Tiles => Averages || compensation is not null || optimizer.GradientClip > 0;

    /// <summary>Makes the next version's arrays.</summary>
    public void Run(int threads)
    {
        var parts = Math.Clamp(current.Count / ElementsWorthAThread, 1, Math.Max(1, threads));
        if (optimizer.TakesNorms) RequireTensors();
        if (optimizer.GradientClip > 0)
        {
            var shrinkage = new double[runs.Count];
            Each(runs.Count, parts, index => shrinkage[index] = Math.Min(1, optimizer.GradientClip / (Norms(index, decay: 0).Gradient + 1e-6)));
            _shrinkage = shrinkage;
        }

        if (optimizer is Lars lars) Each(runs.Count, parts, index => Adapt(lars, index));

        Each(parts, parts, part => UpdatePart(part, parts));

        static void Each(int count, int threads, Action<int> work)
        {
            if (threads > 1)
            {
                Parallel.For(0, count, work);
                return;
            }

            for (var i = 0; i < count; i++) work(i);
        }
    }

    private void Adapt(Lars lars, int index)
    {
        var coefficients = _coefficients[index];
        var norms = lars.Adapts(runs[index], coefficients) ? Norms(index, lars.NormDecay(coefficients)) : default;
        _coefficients[index] = lars.StepOf(runs[index], coefficients, norms);
    }

    // The norms of a tensor count before any of its elements moves: a pass of their own.
    private TensorNorms Norms(int index, double decay)
    {
        var run = runs[index];
        var sums = new TensorNorms.Sums(decay);
        Span<T> tile = stackalloc T[Tiles ? TileElements : 0];
        for (int first = run.Offset, length; first < run.Offset + run.Length; first += length)
        {
            length = Math.Min(TileElements, run.Offset + run.Length - first);
            sums.Add(Elements(current.Weights).Slice(first, length), Gradient(index, first, length, tile));
        }

        return sums.Norms();
    }

    private void RequireTensors()
    {
        foreach (var run in runs)
        {
            if (run.Alone) continue;
            throw new ArgumentException(
                $"The run of parameters at {run.Offset} is no tensor of its own; {optimizer.GetType().Name} needs the norm of each (expected {nameof(ParameterRun.Alone)}).",
                nameof(runs));
        }
    }

    private void UpdatePart(int part, int parts)
    {
        var partLength = (current.Count + parts - 1) / parts;
        var begin = part * partLength;
        var end = Math.Min(current.Count, begin + partLength);
        Span<T> tile = stackalloc T[Tiles ? TileElements : 0];
        for (var index = 0; index < runs.Count; index++)
        {
            if (runs[index].Frozen)
            {
                Keep(Math.Max(runs[index].Offset, begin), Math.Min(runs[index].Offset + runs[index].Length, end));
                continue;
            }

            var last = Math.Min(runs[index].Offset + runs[index].Length, end);
            var length = 0;
            for (var first = Math.Max(runs[index].Offset, begin); first < last; first += length)
            {
                length = Tiles ? Math.Min(TileElements, last - first) : last - first;
                Update(first, Gradient(index, first, length, tile), _coefficients[index]);
            }
        }
    }

    private void Keep(int first, int end)
    {
        if (end <= first) return;
        var length = end - first;
        Elements(current.Weights).Slice(first, length).CopyTo(Elements(Weights)[first..]);
        Elements(current.Velocity).Slice(first, length).CopyTo(Elements(Velocity)[first..]);
        Elements(current.KeyWeights).Slice(first, length).CopyTo(Elements(KeyWeights)[first..]);
        if (SecondMoment.Length > 0) Elements(current.SecondMoment).Slice(first, length).CopyTo(Elements(SecondMoment)[first..]);
        if (MeanSquare.Length > 0) Elements(current.MeanSquare).Slice(first, length).CopyTo(Elements(MeanSquare)[first..]);
    }

    private void Update(int first, ReadOnlySpan<T> gradient, in SgdStep coefficients)
    {
        var length = gradient.Length;
        if (optimizer is AdamW adam)
        {
            AdamWKernel.Step(
                Elements(current.Weights).Slice(first, length),
                gradient,
                Elements(current.Velocity).Slice(first, length),
                Elements(current.SecondMoment).Slice(first, length),
                Elements(current.KeyWeights).Slice(first, length),
                Elements(Weights).Slice(first, length),
                Elements(Velocity).Slice(first, length),
                Elements(SecondMoment).Slice(first, length),
                Elements(KeyWeights).Slice(first, length),
                adam.StepOf(coefficients, current.Steps + 1));
            return;
        }

        SgdEmaKernel.Step(
            Elements(current.Weights).Slice(first, length),
            gradient,
            Elements(current.Velocity).Slice(first, length),
            Elements(current.KeyWeights).Slice(first, length),
            Elements(Weights).Slice(first, length),
            Elements(Velocity).Slice(first, length),
            Elements(KeyWeights).Slice(first, length),
            coefficients);
    }

    // The tile is still in the first-level cache when the step reads it: one pass over memory.
    private ReadOnlySpan<T> Gradient(int index, int first, int length, Span<T> tile)
    {
        var target = tile[..(Tiles ? length : 0)];
        var gradient = Averages ? target : Elements(_gradients[0]).Slice(first, length);
        if (Averages) WeightedMean.Run(_gradients, shares, first, target);
        if (compensation is not null)
        {
            compensation.Apply(
                Elements(current.Weights).Slice(first, length),
                Elements(compensation.BaseWeights).Slice(first, length),
                gradient,
                compensation.Adaptive ? Elements(current.MeanSquare).Slice(first, length) : default,
                compensation.Adaptive ? Elements(MeanSquare).Slice(first, length) : default,
                target);
            gradient = target;
        }

        if (_shrinkage.Length == 0 || _shrinkage[index] == 1) return gradient;
        TensorPrimitives.Multiply(gradient, T.CreateChecked(_shrinkage[index]), target);
        return target;
    }

    private static ReadOnlySpan<T> Elements(ReadOnlyMemory<byte> bytes) => MemoryMarshal.Cast<byte, T>(bytes.Span);

    private static Span<T> Elements(byte[] bytes) => MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
}
