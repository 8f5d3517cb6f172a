using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using static TorchSharp.torch;

namespace OrleansContrastive.Tests.Shared;

/// <summary>How a loop reads and writes a network: flat little-endian bytes, in the order of its parameter shard.</summary>
public sealed record NetworkPort(
    nn.Module<Tensor, Tensor> Network,
    Action<ReadOnlyMemory<byte>> Load,
    Func<byte[]> ReadGradients,
    Func<byte[]> ReadBatchMoments);

/// <summary>A method with a queue in one process, step by step: the reference for the run through the actors.</summary>
public sealed class PlainLoop(
    IContrastiveMethod method, NetworkPort query, NetworkPort key, ParameterVersion start, KeyQueue queue, PlainLoopOptions options)
    : IDisposable
{
    private readonly QueueMirror _mirror = new(queue.Capacity, queue.Width, queue.ElementType);

    public ParameterVersion Version { get; private set; } = start;

    public KeyQueue Queue { get; } = queue;

    public long SamplesApplied { get; private set; }

    public LossValue Step(IReadOnlyList<Tensor> views, long[] sampleIds)
    {
        query.Load(Version.Weights);
        key.Load(Version.KeyWeights);
        query.Network.zero_grad();
        _mirror.Apply(Queue.ReadSince(_mirror.SequenceOf(0)));

        using var result = MethodStep.Run(
            method, query.Network, key.Network, views, sampleIds, _mirror, new(options.Seed, Version.Number, 0));

        var update = new StagedUpdate(query.ReadGradients(), query.ReadBatchMoments(), sampleIds.Length);
        var previous = Version;
        Version = Version.Next([update], options.Runs, Coefficients(sampleIds.Length), optimizer: options.Optimizer);
        Queue.Append(result.Rows!.bytes, result.SampleIds, new RowStamp(previous.Number, Version.Number));
        SamplesApplied += sampleIds.Length;
        return result.Loss;
    }

    public void Dispose() => _mirror.Dispose();

    private SgdStep Coefficients(int batch) => new(
        options.Batch.LearningRate(options.LearningRate.At(SamplesApplied), batch),
        options.Momentum,
        options.WeightDecay,
        options.Nesterov,
        options.Batch.KeyMomentum(options.KeyMomentum, batch));
}

public sealed record PlainLoopOptions(
    ISchedule LearningRate, ReferenceBatch Batch, IReadOnlyList<ParameterRun> Runs, ulong Seed = 0,
    double Momentum = 0.9, double WeightDecay = 1e-4, bool Nesterov = false, double KeyMomentum = 0.999,
    Optimizer? Optimizer = null);
