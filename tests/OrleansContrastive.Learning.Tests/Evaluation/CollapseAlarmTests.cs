using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>The alarm is raised by what collapses, with its signs and causes, and by nothing else.</summary>
public sealed class CollapseAlarmTests
{
    [Fact]
    public void A_linear_encoder_trained_on_positives_alone_collapses_and_is_found_out_within_50_steps()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        // Negative cosine through both branches, no predictor: the bias wins.
        var weight = tensor(Pattern.Single(8 * 16, 1), [8, 16], requires_grad: true);
        var bias = tensor(Pattern.Single(8, 2), requires_grad: true);
        var alarm = new CollapseAlarm(CollapseGuard.Predictor, lossFloor: -1);
        CollapseWarning? warning = null;
        double start = 0;
        for (var step = 0; step < 50 && warning is null; step++)
        {
            using var inner = NewDisposeScope();
            var images = tensor(Pattern.Single(32 * 16, (ulong)(10 + step)), [32, 16]);
            var (a, b) = (Embed(images + Noise(step, 1)), Embed(images + Noise(step, 2)));
            var loss = -(a * b).sum(1).mean();
            loss.backward();
            using (no_grad())
            {
                foreach (var parameter in new[] { weight, bias })
                {
                    parameter.sub_(parameter.grad! * 5);
                    parameter.grad!.zero_();
                }
            }

            var health = EmbeddingHealth.Of(a, b, 0.1);
            if (step == 0) start = health.StdRootD;
            warning = alarm.Observe(step, health, loss.item<float>());
        }

        Assert.True(start > 0.5, $"It must not be collapsed from the start; std·√D was {start}.");
        Assert.NotNull(warning);
        Assert.True(warning.Signs.HasFlag(CollapseSigns.EqualRows) || warning.Signs.HasFlag(CollapseSigns.LossAtFloor), warning.Message);
        Assert.Contains("no stop-gradient", warning.Message, StringComparison.Ordinal);
        Assert.Contains($"at step {warning.Step}", warning.Message, StringComparison.Ordinal);
        Assert.Same(warning, alarm.Current);

        Tensor Embed(Tensor x) => nn.functional.normalize(x.mm(weight.t()) + bias, 2, 1);
        static Tensor Noise(int step, int view) => tensor(Pattern.Single(32 * 16, (ulong)(1000 + (2 * step) + view)), [32, 16]);
    }

    [Fact]
    public void Random_unit_rows_of_any_size_never_raise_it()
    {
        using var leaks = new TensorLeaks();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(30), Prop.ForAll(
            Gen.Zip(Gen.Choose(4, 64), Gen.Choose(3, 64)).ToArbitrary(),
            size =>
            {
                using var scope = NewDisposeScope();
                var alarm = new CollapseAlarm(CollapseGuard.Negatives);
                for (var step = 0; step < 12; step++)
                {
                    var rows = nn.functional.normalize(tensor(Pattern.Single(size.Item1 * size.Item2, (ulong)(size.Item1 * 1000 + step)), [size.Item1, size.Item2]), 2, 1);
                    if (alarm.Observe(step, EmbeddingHealth.Of(rows, rows, 0.1), 0) is { } warning) return warning.Message.Length == 0;
                }

                return alarm.Current is null;
            }));
    }

    [Fact]
    public void A_slow_start_that_gets_better_is_no_collapse()
    {
        var alarm = new CollapseAlarm(CollapseGuard.Negatives);
        for (var step = 0; step < 40; step++)
            Assert.Null(alarm.Observe(step, Health(std: 0.01 * Math.Pow(1.05, step), rank: 1 + (0.01 * Math.Pow(1.1, step))), 5));
    }

    [Fact]
    public void A_single_bad_batch_is_no_collapse()
    {
        var alarm = new CollapseAlarm(CollapseGuard.Predictor, -1);
        for (var step = 0; step < 40; step++) Assert.Null(alarm.Observe(step, step % 4 == 0 ? Health(0, 1) : Health(0.8, 20), step % 4 == 0 ? -1 : -0.5));
    }

    [Fact]
    public void It_is_raised_once_and_again_after_a_recovery()
    {
        var alarm = new CollapseAlarm(CollapseGuard.Regularisation);
        List<long> raised = [];
        for (var step = 0; step < 60; step++)
        {
            if (alarm.Observe(step, step is (>= 10 and < 20) or >= 40 ? Health(0.01, 1.01) : Health(0.9, 30), 3) is { } warning) raised.Add(warning.Step);
        }

        Assert.Equal([14, 44], raised);
        Assert.Equal(CollapseSigns.EqualRows | CollapseSigns.OneDirection, alarm.Current!.Signs);
        Assert.Contains("variance", alarm.Current.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_sign_alone_is_enough_and_is_named_with_its_number()
    {
        Expect(Health(0.05, 20), -0.5, CollapseSigns.EqualRows, "std·√D is 0.0500");
        Expect(Health(0.2, 1.02), -0.5, CollapseSigns.OneDirection, "effective rank is 1.02 of 16");
        Expect(Health(0.9, 20), -0.999, CollapseSigns.LossAtFloor, "loss -0.9990 stands at its floor -1");

        static void Expect(HealthMeasures health, double loss, CollapseSigns sign, string text)
        {
            var alarm = new CollapseAlarm(CollapseGuard.Predictor, -1);
            CollapseWarning? warning = null;
            for (var step = 0; step < CollapseAlarm.Patience; step++) warning = alarm.Observe(step, health, loss);
            Assert.Equal(sign, warning?.Signs);
            Assert.Contains(text, warning!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_number_is_passed_over()
    {
        var alarm = new CollapseAlarm(CollapseGuard.Negatives);
        for (var step = 0; step < 20; step++)
        {
            Assert.Null(alarm.Observe(step, Health(double.NaN, 1), 0));
            Assert.Null(alarm.Observe(step, Health(0, 1), double.PositiveInfinity));
        }
    }

    private static HealthMeasures Health(double std, double rank) => new()
    {
        Alignment = 0.1,
        Uniformity = -1,
        StdRootD = std,
        EffectiveRank = rank,
        ContrastiveAccuracy = 0.5,
        SoftmaxEntropy = 1,
        PositiveSimilarity = 0.9,
        HardestNegativeSimilarity = 0.5,
        Rows = 32,
        Width = 16,
    };
}
