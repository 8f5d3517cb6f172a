using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>The same spec through the plain loop: one thread, no actors.</summary>
internal static class PlainRun
{
    public static async Task<RunOutcome> TrainAsync(RunSpec spec)
    {
        await using var lane = new DeviceExecutor("plain", torch.CPU, threads: 1);
        return await lane.RunAsync(() => Train(spec));
    }

    private static RunOutcome Train(RunSpec spec)
    {
        using var scope = torch.NewDisposeScope();
        using var query = ModelFactory.Create(spec, torch.CPU);
        using var key = ModelFactory.Create(spec, torch.CPU);
        query.train();
        key.train();
        var layout = query.Layout.Split(1)[0];
        var optimizer = UpdateRule.OptimizerOf(spec);
        var start = ParameterVersion.Start(
            torch.ScalarType.Float32, ModelExchange.ReadParameters(query, layout), ModelExchange.ReadMoments(query, layout), optimizer: optimizer);
        var queue = new KeyQueue(spec.Contrast.QueueLength, spec.Model.EmbeddingWidth, torch.ScalarType.Float32);
        using var loop = new PlainLoop(
            MethodFactory.Create(spec),
            Port(query, layout),
            Port(key, layout),
            start,
            queue,
            new(new CosineSchedule(spec.Optimizer.LearningRate, 0, spec.TotalSamples), new(spec.Batch), ParameterRun.Of(layout, optimizer),
                spec.Seed, spec.Optimizer.Momentum, spec.Optimizer.WeightDecay, KeyMomentum: spec.Contrast.KeyMomentum, Optimizer: optimizer));
        var maker = new ViewMaker(spec, SmallRuns.Images);
        for (var step = 0L; step < spec.TotalLeases; step++)
        {
            using var views = torch.NewDisposeScope();
            var batches = maker.Make(LeaseId.At(step, spec.LeasesPerEpoch));
            loop.Step([.. batches.Select(batch => Tensor(batch.Views))], batches[0].SampleIds);
        }

        var rows = queue.ReadSince(0);
        return new(
            loop.Version.Weights.ToArray(), loop.Version.KeyWeights.ToArray(), loop.Version.Moments.ToArray(), rows.Vectors.ToArray(), rows.SampleIds, queue.Sequence);
    }

    private static torch.Tensor Tensor(TensorBlock block) => Blocks.ToTensor(block, torch.ScalarType.Float32, torch.CPU);

    private static NetworkPort Port(ContrastiveModel model, ShardLayout layout) => new(
        model,
        weights => ModelExchange.LoadParameters(model, layout, weights.Span),
        () => ModelExchange.ReadGradients(model, layout),
        () => ModelExchange.ReadBatchMoments(model, layout));
}
