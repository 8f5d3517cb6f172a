using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>The whole of momentum contrast on a real encoder: split batch norm, moments, queue, schedule.</summary>
public sealed class PlainLoopTests
{
    private const int Batch = 16, Size = 12, Width = 16;

    [Fact]
    public void Learns_to_tell_images_apart_and_repeats_itself_bit_for_bit()
    {
        using var leaks = new TensorLeaks();
        var (losses, version, queue) = Run(steps: 30);
        var (again, sameVersion, sameQueue) = Run(steps: 30);

        Assert.All(losses, loss => Assert.True(loss.IsFinite));
        // The first step has an empty queue, the third a full one.
        Assert.Equal([0, 16, 32], losses[..3].Select(loss => loss.Negatives));
        Assert.True(
            losses[^5..].Average(loss => loss.Loss / loss.ChanceLevel) < 0.8 && losses[^5..].Average(loss => loss.Accuracy) > 0.4,
            $"From {losses[3]} to {losses[^1]}.");
        Assert.Equal(losses, again);
        Assert.True(version.Weights.Span.SequenceEqual(sameVersion.Weights.Span));
        Assert.True(version.KeyWeights.Span.SequenceEqual(sameVersion.KeyWeights.Span));
        Assert.True(version.Moments.Span.SequenceEqual(sameVersion.Moments.Span));
        Assert.Equal(queue.SampleIds.ToArray(), sameQueue.SampleIds.ToArray());
        for (var slot = 0; slot < queue.Filled; slot++)
        {
            Assert.True(queue.Row(slot).SequenceEqual(sameQueue.Row(slot)));
        }
    }

    [Fact]
    public void Features_of_every_kind_are_unit_rows_of_the_evaluated_network()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var model = Model();
        model.eval();
        var views = Views(0, 0);
        FeatureKind[] kinds = [FeatureKind.Encoder, FeatureKind.EncoderGrid, FeatureKind.Head, FeatureKind.Pixels];
        int[] widths = [model.FeatureWidth, 4 * model.FeatureWidth, Width, Size * Size];
        var all = FeatureExtractor.Extract(model, views, kinds);

        // In evaluation an image's features do not depend on its neighbours.
        var alone = FeatureExtractor.Extract(model, views.narrow(0, 3, 1), kinds);
        for (var kind = 0; kind < kinds.Length; kind++)
        {
            Assert.Equal(Batch * widths[kind], all[kind].Length);
            Assert.All(all[kind].Chunk(widths[kind]), row => Assert.Equal(1, row.Sum(value => value * value), 1e-5));
            Close.All(all[kind].AsSpan(3 * widths[kind], widths[kind]), alone[kind], 1e-5);
        }

        Assert.Throws<ArgumentNullException>(() => FeatureExtractor.Extract(null, views, kinds));
    }

    private static (LossValue[] Losses, ParameterVersion Version, KeyQueue Queue) Run(int steps)
    {
        using var scope = NewDisposeScope();
        using var query = Model();
        using var key = Model();
        var layout = query.Layout.Split(1)[0];
        var start = ParameterVersion.Start(
            query.Layout.ElementType, ModelExchange.ReadParameters(query, layout), ModelExchange.ReadMoments(query, layout));
        var options = new PlainLoopOptions(
            new CosineSchedule(0.1, 0, end: steps * Batch), new ReferenceBatch(Batch), ParameterRun.Of(layout), Seed: 3, KeyMomentum: 0.9);
        var method = new MomentumContrast(new() { QueueLength = 40, Temperature = 0.2, Momentum = 0.9 });
        using var loop = new PlainLoop(
            method,
            ContrastiveNetwork.PortOf(query),
            ContrastiveNetwork.PortOf(key),
            start,
            new KeyQueue(40, Width, ScalarType.Float32),
            options);
        var losses = new LossValue[steps];
        for (var step = 0; step < steps; step++)
        {
            using var stepScope = NewDisposeScope();
            var epoch = step / 3;
            var first = step % 3 * Batch;
            losses[step] = loop.Step(
                [Views(first, 2 * epoch), Views(first, 2 * epoch + 1)], [.. Enumerable.Range(first, Batch).Select(id => (long)id)]);
        }

        return (losses, loop.Version, loop.Queue);
    }

    private static ContrastiveModel Model() => new(
        EncoderSpec.Parse("resnet8-w8", 1, Size), new HeadSpec("mlp", 32, Width), new ModelOptions { BatchNormSplits = 2 }, seed: 1);

    /// <summary>Every sample is a pattern of its own; every view adds another noise to it.</summary>
    private static Tensor Views(int firstSample, int view)
    {
        using var scope = NewDisposeScope();
        var images = Enumerable.Range(firstSample, Batch).Select(sample =>
            Numbers.Of([1, Size, Size], (ulong)(1000 + sample), ScalarType.Float32)
                .add(Numbers.Of([1, Size, Size], (ulong)(5000 + sample * 100 + view), ScalarType.Float32, 0.3)));
        return stack([.. images]).MoveToOuterDisposeScope();
    }
}
