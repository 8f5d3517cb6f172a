using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Parity;

/// <summary>
/// The methods against <c>tests/Peers/zoo_methods.py</c>: from the same weights, on the same views, ten steps of two leases each have its
/// losses and end at its weights. In fp64, as in <see cref="MomentumContrastParityTests"/>.
/// </summary>
public sealed class MethodParityTests
{
    private const int Steps = 10, Batch = 16, Parts = 2, Samples = 40, Side = 12, Width = 16;
    private const double Rate = 0.02, Decay = 1e-3, KeyMomentum = 0.9, Temperature = 0.2;
    private static readonly GoldenFile File = new("Parity/golden/methods.golden");
    private static readonly double[] Images = Pattern.Double(Samples * Side * Side, 5);

    [Theory]
    [InlineData("moco-v2")]
    [InlineData("simclr")]
    [InlineData("instdisc")]
    [InlineData("byol")]
    [InlineData("simsiam")]
    [InlineData("vicreg")]
    [InlineData("barlow-twins")]
    public void Ten_steps_have_the_losses_of_PyTorch(string name)
    {
        using var leaks = new TensorLeaks();
        var entry = MethodRegistry.Shared.Find(name);
        var method = entry.Create(new() { Temperature = Temperature, ImageSize = Side, Channels = 1 });
        using var model = Model(method, (string)entry.Defaults["head"]);
        using var keyModel = Model(method, (string)entry.Defaults["head"]);
        var layout = model.Layout.Split(1)[0];
        var runs = ParameterRun.Of(layout, null, entry.Defaults.GetValueOrDefault("fixedRateParts") as string[]);
        var version = ParameterVersion.Start(ScalarType.Float64, FirstWeights(layout), ModelExchange.ReadMoments(model, layout));
        using var memory = new Memory(method.Plan.Memory);
        var (rate, keyMomentum) = (new CosineSchedule(Rate, 0, Steps * Batch), new CosineSchedule(KeyMomentum, 1, Steps * Batch));

        var expected = File.Double($"{name}.losses");
        for (var step = 0; step < Steps; step++)
        {
            ModelExchange.LoadParameters(model, layout, version.Weights.Span);
            ModelExchange.LoadParameters(keyModel, layout, version.KeyWeights.Span);
            var updates = new List<StagedUpdate>();
            var results = new List<StepResult>();
            for (var part = 0; part < Parts; part++)
            {
                using var scope = NewDisposeScope();
                var ids = Ids(step)[(part * Batch / Parts)..((part + 1) * Batch / Parts)];
                var views = Enumerable.Range(0, method.Plan.Views).Select(view => Views(step, view).narrow(0, part * Batch / Parts, Batch / Parts)).ToArray();
                model.zero_grad();
                results.Add(MethodStep.Run(method, model, keyModel, views, ids, memory.Rows, new(1, (step * Parts) + part, 0)));
                updates.Add(new(ModelExchange.ReadGradients(model, layout), ModelExchange.ReadBatchMoments(model, layout), ids.Length));
            }

            var at = step * Batch;
            version = version.Next(updates, runs, new(rate.At(at), 0.9, Decay, Nesterov: false, keyMomentum.At(at), FixedRate: Rate));
            foreach (var result in results) memory.Take(result, version.Number);
            var loss = results.Average(result => result.Loss.Loss);
            foreach (var result in results) result.Dispose();
            Assert.True(Math.Abs(expected[step] - loss) < 1e-6, $"Loss of step {step} of {name} is {loss:F9}; PyTorch has {expected[step]:F9}.");
        }

        var weights = MemoryMarshal.Cast<byte, double>(version.Weights.Span).ToArray();
        double[] squares = [.. Sorted(layout).Select(slot => weights.AsSpan((int)slot.Offset, slot.Length).ToArray().Sum(value => value * value))];
        Close.All(File.Double($"{name}.squares"), squares, 1e-6);
    }

    private static ContrastiveModel Model(IContrastiveMethod method, string head)
    {
        var model = new ContrastiveModel(
            EncoderSpec.Parse("resnet8-w8", channels: 1, imageSize: Side), new HeadSpec(head, 0, Width),
            new ModelOptions { Precision = Precision.Float64 }, seed: 1, method.Plan.Parts);
        model.train();
        return model;
    }

    private static long[] Ids(int step) => [.. Enumerable.Range(step * Batch, Batch).Select(at => (long)at % Samples)];

    /// <summary>Each image with a little noise of the view's own.</summary>
    private static Tensor Views(int step, int view)
    {
        var noise = Pattern.Double(Batch * Side * Side, (ulong)(1000 + (2 * step) + view));
        var ids = Ids(step);
        double[] values = [.. noise.Select((value, at) => Images[(ids[at / (Side * Side)] * Side * Side) + (at % (Side * Side))] + (0.3 * value))];
        return tensor(values, [Batch, 1, Side, Side]);
    }

    private static IEnumerable<TensorSlot> Sorted(ShardLayout layout) => layout.Parameters.OrderBy(slot => slot.Name, StringComparer.Ordinal);

    private static byte[] FirstWeights(ShardLayout layout)
    {
        var flat = new double[layout.ParameterCount];
        var seed = 100UL;
        foreach (var slot in Sorted(layout))
        {
            var (scale, shift) = slot.Shape switch
            {
                [var outputs, _, var rows, var columns] => (Math.Sqrt(6.0 / (outputs * rows * columns)), 0.0),
                [_, var inputs] => (1 / Math.Sqrt(inputs), 0.0),
                _ => (0.1, slot.Name.EndsWith("weight", StringComparison.Ordinal) ? 1.0 : 0.0),
            };
            var values = Pattern.Double(slot.Length, seed++);
            for (var i = 0; i < values.Length; i++) flat[slot.Offset + i] = (values[i] * scale) + shift;
        }

        return MemoryMarshal.AsBytes(flat.AsSpan()).ToArray();
    }

    /// <summary>The queue or the bank of a method, where it has one.</summary>
    private sealed class Memory : IDisposable
    {
        private readonly KeyQueue? _queue;
        private readonly QueueMirror? _mirror;
        private readonly MemoryBank? _bank;

        public Memory(MemoryKind kind)
        {
            if (kind == MemoryKind.Queue)
            {
                (_queue, _mirror) = (new(4096, Width, ScalarType.Float64), new(4096, Width, ScalarType.Float64));
            }

            if (kind != MemoryKind.Bank) return;
            // Rows of the file are bfloat16 numbers, of which the upper halves are everything.
            var halves = Array.ConvertAll(File.Single("instdisc.bank"), value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
            _bank = new(Samples, Width, momentum: 0.5, seed: 1, type: ScalarType.Float64);
            _bank.Restore(0, MemoryMarshal.AsBytes(halves.AsSpan()), new byte[Samples * sizeof(int)]);
        }

        public INegativeRows? Rows => _bank is not null ? _bank : _mirror;

        public void Take(StepResult result, long version)
        {
            if (result.Rows is not { } rows) return;
            _bank?.Update(rows.bytes, ScalarType.Float64, result.SampleIds, version);
            _queue?.Append(rows.bytes, result.SampleIds, new(version - 1, version));
            _mirror?.Apply(_queue!.ReadSince(_mirror.SequenceOf(0)));
        }

        public void Dispose() => _mirror?.Dispose();
    }
}
