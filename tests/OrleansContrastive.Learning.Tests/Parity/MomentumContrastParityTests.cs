using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Parity;

/// <summary>
/// MoCo v2 on Fashion-MNIST against <c>tests/Peers/moco_pytorch.py</c>: from the same weights and queue, on the views that it
/// dumped, twenty steps have its losses. In fp64: at this batch size PyTorch's own losses in fp32 and fp64 part by 1e-2 within
/// twenty steps, since roundings tip ReLUs, so fp32 would compare noise.
/// </summary>
public sealed class MomentumContrastParityTests
{
    private const int Steps = 20, Batch = 16, Length = 256, Width = 128, Side = 28;
    private const double LearningRate = 0.03, Mean = 0.2860, Deviation = 0.3530;
    private static readonly GoldenFile File = new("Parity/golden/moco-20-steps.golden");

    [Fact]
    public void Twenty_steps_have_the_losses_of_PyTorch()
    {
        using var leaks = new TensorLeaks();
        using var query = Model();
        using var key = Model();
        var slots = query.Layout.Split(1)[0].Parameters;
        var queue = new KeyQueue(Length, Width, ScalarType.Float64);
        queue.Append(Bytes(File.Single("queue")), [.. Enumerable.Repeat(-1L, Length)], default);
        var method = new MomentumContrast(new()
        {
            QueueLength = Length,
            Temperature = 0.1,
            Momentum = 0.99,
            MaskOwnSamples = false,
        });
        var options = new PlainLoopOptions(
            new CosineSchedule(LearningRate, 0, Steps * Batch),
            new ReferenceBatch(Batch),
            [new(0, slots.Sum(slot => slot.Length), true)],
            WeightDecay: 5e-4,
            KeyMomentum: 0.99);
        var start = ParameterVersion.Start(
            ScalarType.Float64, Weights(slots), ModelExchange.ReadMoments(query, query.Layout.Split(1)[0]));
        using var loop = new PlainLoop(
            method, ContrastiveNetwork.PortOf(query), ContrastiveNetwork.PortOf(key), start, queue, options);

        var expected = File.Double("losses");
        for (var step = 0; step < Steps; step++)
        {
            using var first = Views($"step{step:00}.query");
            using var second = Views($"step{step:00}.key");
            var loss = loop.Step([first, second], [.. Enumerable.Range(step * Batch, Batch).Select(id => (long)id)]).Loss;
            Assert.True(
                Math.Abs(expected[step] - loss) < 1e-6, $"Loss of step {step} is {loss:F9}; PyTorch has {expected[step]:F9}.");
        }
    }

    private static ContrastiveModel Model()
    {
        var model = new ContrastiveModel(
            EncoderSpec.Parse("resnet8-w16", channels: 1, imageSize: Side), new HeadSpec("mlp", 0, Width),
            new ModelOptions { Precision = Precision.Float64 }, seed: 1);
        model.train();
        return model;
    }

    private static byte[] Weights(IReadOnlyList<TensorSlot> slots)
    {
        var flat = new float[slots.Sum(slot => slot.Length)];
        foreach (var slot in slots)
        {
            Assert.Equal(slot.Shape, File.Shape(slot.Name));
            File.Single(slot.Name).CopyTo(flat.AsSpan((int)slot.Offset));
        }

        return Bytes(flat);
    }

    private static byte[] Bytes(float[] values) =>
        MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (double)value).AsSpan()).ToArray();

    /// <summary>8-bit views as the peer's transform leaves them: scaled to [0, 1], then normalised.</summary>
    private static Tensor Views(string name)
    {
        var values = Array.ConvertAll(File.Byte(name), value => (value / 255.0 - Mean) / Deviation);
        return tensor(values, [Batch, 1, Side, Side]);
    }
}
