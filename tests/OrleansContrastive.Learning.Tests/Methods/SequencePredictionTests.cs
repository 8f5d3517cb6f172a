using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

public sealed class SequencePredictionTests
{
    private const int Images = 3, Side = 16, Width = 8, Times = Side * Side / 32;

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(20, false)]
    public void Its_loss_is_that_of_a_plain_loop(int steps, bool otherTimes)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        const double Temperature = 0.7;
        var method = new SequencePrediction(new() { Temperature = Temperature }, new() { Steps = steps, OtherTimes = otherTimes });
        using var model = Model("conv1d-gru-w8", method);
        using var encoded = method.Encode(new() { Network = model, Views = [Numbers.Of([Images, 1, Side, Side], 4, ScalarType.Float64)], SampleIds = [5, 6, 7] });
        var loss = method.Loss(encoded, new());

        var (latents, contexts) = model.Sequence(Numbers.Of([Images, 1, Side, Side], 4, ScalarType.Float64));
        var (z, c) = (Rows(latents), Rows(contexts));
        var weights = Numbers.From(model.named_parameters().Single(named => named.name == "steps.weight").parameter).Chunk(Width).ToArray();
        var total = 0.0;
        var most = Math.Min(steps, Times - 1);
        for (var k = 1; k <= most; k++)
        {
            var parts = new List<double>();
            for (var b = 0; b < Images; b++)
            {
                for (var t = 0; t + k < Times; t++)
                {
                    var foretold = weights[((k - 1) * Width)..(k * Width)].Select(row => Dot(row, c[(b * Times) + t])).ToArray();
                    var candidates = Enumerable.Range(0, Images).Select(other => (Sample: other, Time: t + k));
                    if (otherTimes) candidates = candidates.Concat(Enumerable.Range(k, Times - k).Where(time => time != t + k).Select(time => (b, time)));
                    var sum = candidates.Sum(at => Math.Exp(Dot(z[(at.Sample * Times) + at.Time], foretold) / Temperature));
                    parts.Add(Math.Log(sum) - (Dot(z[(b * Times) + t + k], foretold) / Temperature));
                }
            }

            total += parts.Average() / most;
        }

        Assert.Equal(total, loss.Scalar!.item<double>(), 1e-9);
        Assert.Equal(Images, loss.Meters.Samples);
    }

    [Fact]
    public void Contexts_know_nothing_of_what_comes_later()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var model = Model("conv1d-gru-w8", new SequencePrediction(new(), new()));
        // In evaluation, since batch norm looks at the whole batch.
        model.eval();
        var views = Numbers.Of([1, 1, Side, Side], 4, ScalarType.Float64);
        var changed = views.clone();
        changed.narrow(2, 12, 4).zero_();
        var (before, after) = (Rows(model.Sequence(views).Contexts), Rows(model.Sequence(changed).Contexts));

        // The first 192 of 256 samples stayed; a latent sees a few samples beyond its 32.
        for (var time = 0; time < 5; time++) Assert.Equal(before[time], after[time]);
        Assert.NotEqual(before[^1], after[^1]);
    }

    [Fact]
    public void Features_are_the_mean_context_and_the_map_is_all_of_them()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var model = Model("conv1d-gru-w8", new SequencePrediction(new(), new()));
        var views = Numbers.Of([2, 1, Side, Side], 4, ScalarType.Float64);
        var contexts = Rows(model.Sequence(views).Contexts);
        var expected = Enumerable.Range(0, 2).SelectMany(b => Enumerable.Range(0, Width).Select(i => contexts[(b * Times)..((b + 1) * Times)].Average(row => row[i]))).ToArray();
        Numbers.Close(expected, Numbers.From(model.Features(views)), 1e-12, "features");
        Assert.Equal([2, Width, 1, Times], model.FeatureMap(views).shape);
        Assert.Equal(contexts[3], Numbers.From(model.FeatureMap(views).select(0, 0).select(2, 3)));
    }

    [Fact]
    public void An_encoder_of_images_is_refused_by_name()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var method = new SequencePrediction(new(), new());
        using var model = Model("resnet8-w8", method);
        var fault = Assert.Throws<InvalidOperationException>(() => method.Encode(new() { Network = model, Views = [zeros(2, 1, 8, 8)], SampleIds = [0, 1] }));
        Assert.Contains("conv1d-gru; found resnet8-w8", fault.Message);
        Assert.Contains("found 0", Assert.Throws<ArgumentException>(() => new SequencePrediction(new(), new() { Steps = 0 })).Message);
    }

    private static ContrastiveModel Model(string encoder, IContrastiveMethod method)
    {
        var model = new ContrastiveModel(
            EncoderSpec.Parse(encoder, 1, Side), new("none", 0, 0), new() { Precision = Learning.Devices.Precision.Float64 }, seed: 2, method.Plan.Parts);
        model.train();
        return model;
    }

    private static double[][] Rows(Tensor tensor) => [.. Numbers.From(tensor).Chunk(Width)];

    private static double Dot(double[] a, double[] b) => a.Zip(b).Sum(pair => pair.First * pair.Second);
}
