using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Schedules;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>The first three steps of MoCo's algorithm 1 against PyTorch, through the plain loop.</summary>
public sealed class MomentumContrastGoldenTests
{
    private const int Batch = 4, Inputs = 6, Hidden = 7, Width = 5, Length = 10;
    private const double Tolerance = 1e-5;
    private static readonly GoldenFile File = new("Methods/golden/moco.golden");

    [Theory]
    [InlineData("asymmetric", false)]
    [InlineData("symmetric", true)]
    public void Three_steps_equal_PyTorch(string name, bool symmetric)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var query = new TinyNetwork(Inputs, Hidden, Width);
        using var key = new TinyNetwork(Inputs, Hidden, Width);
        var weights = File.Single($"{name}.start");
        var queue = new KeyQueue(Length, Width, ScalarType.Float32);
        queue.Append(Bytes(File.Single($"{name}.queue")), [.. Enumerable.Repeat(-1L, Length)], default);
        var method = new MomentumContrast(new()
        {
            QueueLength = Length,
            Temperature = 0.2,
            Momentum = 0.9,
            Symmetric = symmetric,
            MaskOwnSamples = false,
        });
        var options = new PlainLoopOptions(
            new ConstantSchedule(0.06), new ReferenceBatch(Batch), [new(0, weights.Length, true)], WeightDecay: 1e-3, KeyMomentum: 0.9);
        using var loop = new PlainLoop(
            method, query.Port, key.Port, ParameterVersion.Start(ScalarType.Float32, Bytes(weights), default), queue, options);

        for (var step = 0; step < 3; step++)
        {
            var at = $"{name}.{step}.";
            // θ_k of this version encodes this step's keys.
            Close.All(File.Single(at + "key_weights"), Floats(loop.Version.KeyWeights), Tolerance);

            var value = loop.Step(
                [tensor(File.Single(at + "first"), [Batch, Inputs]), tensor(File.Single(at + "second"), [Batch, Inputs])], [0, 1, 2, 3]);

            Close.All(File.Single(at + "loss"), [(float)value.Loss], Tolerance);
            Close.All(File.Single(at + "weights"), Floats(loop.Version.Weights), Tolerance);
            Assert.Equal(File.Int64(at + "pointer")[0], queue.Pointer);
            for (var slot = 0; slot < Length; slot++)
            {
                Close.All(
                    File.Single(at + "queue").AsSpan(slot * Width, Width),
                    MemoryMarshal.Cast<byte, float>(queue.Row(slot)),
                    Tolerance);
            }
        }
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static float[] Floats(ReadOnlyMemory<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray();
}
