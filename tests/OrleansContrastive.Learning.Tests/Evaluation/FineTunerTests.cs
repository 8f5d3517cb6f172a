using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.FineTuning;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>Training by labels against PyTorch's (make_protocol_golden.py), and the guard of weights that are to stay.</summary>
public sealed class FineTunerTests
{
    private static readonly GoldenFile File = new("Evaluation/golden/protocols.golden");

    [Fact]
    public void Four_steps_equal_PyTorchs_with_its_own_batch_norm()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var model = Model(Precision.Float64, "none");
        var whole = model.Layout.Split(1)[0];
        ModelExchange.LoadParameters(model, whole, Start(whole));
        using var tuner = new FineTuner(model, 3, new() { LearningRate = 0.05, HeadLearningRate = 0.3, WeightDecay = 0.001 }, steps: 4);
        var losses = new double[4];
        for (var step = 0; step < 4; step++)
            losses[step] = tuner.Step(Numbers.Of([6, 3, 12, 12], (ulong)(50 + step), ScalarType.Float64), tensor(Enumerable.Range(0, 6).Select(i => (long)(i + step) % 3).ToArray()));

        Numbers.Close(File.Double("finetune.losses"), losses, 1e-9, "losses");
        model.eval();
        using var noGrad = no_grad();
        Numbers.Close(File.Double("finetune.features"), Numbers.From(model.Features(Numbers.Of([5, 3, 12, 12], 60, ScalarType.Float64))), 1e-8, "features");
        var running = MemoryMarshal.Cast<byte, double>(ModelExchange.ReadMoments(model, whole))[..16].ToArray();
        Numbers.Close(File.Double("finetune.running"), running, 1e-9, "running moments");
    }

    [Fact]
    public void Labels_that_can_be_learned_are_learned()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var model = Model(Precision.Float32, "simclr-mlp");
        using var tuner = new FineTuner(model, 2, new(), steps: 30);
        // Class 1 is darker on the left, class 0 on the right.
        var views = Numbers.Of([16, 3, 12, 12], 1, ScalarType.Float32) * 0.5;
        var targets = tensor(Enumerable.Range(0, 16).Select(i => (long)i % 2).ToArray());
        var ramp = linspace(-1, 1, 12).view(1, 1, 1, 12);
        views += ramp * (targets.view(-1, 1, 1, 1).to_type(ScalarType.Float32) * 2 - 1);
        double first = tuner.Step(views, targets), last = 0;
        for (var step = 1; step < 30; step++) last = tuner.Step(views, targets);

        Assert.Equal(Math.Log(2), first, 1e-5);
        Assert.True(last < 0.1, $"The loss is still {last}.");
        Assert.Equal((16, 16), tuner.Hits(views, targets));
    }

    [Fact]
    public void A_changed_weight_or_moment_voids_a_frozen_evaluation()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var model = Model(Precision.Float32, "mlp");
        var frozen = FrozenWeights.Of(model);
        model.eval();
        model.forward(zeros(2, 3, 12, 12));
        frozen.AssertUnchanged();

        var whole = model.Layout.Split(1)[0];
        var moments = ModelExchange.ReadMoments(model, whole);
        moments[^1] ^= 1;
        ModelExchange.LoadMoments(model, whole, moments);
        Assert.Contains("changed", Assert.Throws<InvalidOperationException>(frozen.AssertUnchanged).Message, StringComparison.Ordinal);

        frozen = FrozenWeights.Of(model);
        var weights = ModelExchange.ReadParameters(model, whole);
        weights[0] ^= 1;
        ModelExchange.LoadParameters(model, whole, weights);
        Assert.Throws<InvalidOperationException>(frozen.AssertUnchanged);
    }

    private static ContrastiveModel Model(Precision precision, string head) =>
        new(EncoderSpec.Parse("resnet8-w8", 3, 12), new HeadSpec(head, 0, 8), new ModelOptions { Precision = precision }, seed: 1);

    // The weights of make_protocol_golden.py.
    private static byte[] Start(ShardLayout whole)
    {
        var numbers = new double[whole.ParameterCount];
        for (var i = 0; i < whole.Parameters.Count; i++)
        {
            var slot = whole.Parameters[i];
            var scale = slot.Shape.Length == 4 ? Math.Sqrt(6.0 / (slot.Shape[0] * slot.Shape[2] * slot.Shape[3])) : 0.2;
            var shift = slot.Shape.Length == 1 && slot.Name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0;
            for (var j = 0; j < slot.Length; j++) numbers[slot.Offset + j] = (Pattern.At(j, 1000 + (ulong)i) * scale) + shift;
        }

        return MemoryMarshal.AsBytes<double>(numbers).ToArray();
    }
}
