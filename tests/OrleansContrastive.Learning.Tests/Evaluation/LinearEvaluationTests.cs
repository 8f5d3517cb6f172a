using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>Linear classifiers against torch.optim.SGD (make_protocol_golden.py) and where the answer is known.</summary>
public sealed class LinearEvaluationTests
{
    private static readonly GoldenFile File = new("Evaluation/golden/protocols.golden");

    [Fact]
    public void Heads_side_by_side_equal_PyTorchs_one_by_one()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        float[] stretch = [1, 2, 3, 0.5f, 1, 1];
        float[] values = [.. Pattern.Double(30 * 6, 1).Select((value, i) => (float)((value * stretch[i % 6]) + 1))];
        var rows = new FeatureRows(values, 6, [.. Enumerable.Range(0, 30).Select(i => i * 7 % 4)]);
        var options = new LinearOptions { Epochs = 12, Batch = 30, LearningRates = [0.1, 0.7], WeightDecay = 0.01 };

        // The same steps by hand: the batch is everything, so the order does not matter.
        using var heads = new SoftmaxHeads(6, 4, options, CPU);
        var scaled = FeatureScale.Of(rows).Apply(rows.Borrow());
        for (var step = 0; step < 12; step++) heads.Step(scaled, rows.Targets(), 0.5 * (1 + Math.Cos(Math.PI * step / 12)));
        var logits = heads.Logits(scaled);
        for (var head = 0; head < 2; head++)
            Close.All(File.Double($"linear.{head}.logits"), Numbers.From(logits.select(1, head)), 1e-5);

        using var training = new LinearTraining(rows, 4, [.. Enumerable.Range(0, 30)], options, CPU);
        for (var epoch = 0; epoch < 12; epoch++) training.Epoch(rows, epoch);
        var scores = training.Evaluate(rows);
        for (var head = 0; head < 2; head++)
        {
            Assert.Equal(options.LearningRates[head], scores[head].LearningRate);
            Close.All(File.Double($"linear.{head}.top"), [scores[head].Top1, scores[head].Top5], 1e-12);
        }
    }

    [Fact]
    public void Classes_that_a_line_parts_are_learned_and_the_rate_is_not_chosen_by_the_test_rows()
    {
        using var leaks = new TensorLeaks();
        var (train, test) = (Blobs(300, 1), Blobs(100, 2));
        var result = LinearEvaluation.Run(train, test, new() { Epochs = 20, Batch = 32, LearningRates = [1e39, 0.1] }, CPU);
        Assert.Equal((0.1, 1.0, 1.0), (result.Test.LearningRate, result.Test.Top1, result.Test.Top5));
        Assert.Equal([1e39, 0.1], result.Sweep.Select(score => score.LearningRate));
        // Other test rows do not change what was chosen.
        var other = LinearEvaluation.Run(train, Blobs(50, 3), new() { Epochs = 20, Batch = 32, LearningRates = [1e39, 0.1] }, CPU);
        Assert.Equal(result.Sweep, other.Sweep);
    }

    [Fact]
    public void Classes_without_a_trace_in_the_features_are_found_by_chance_alone()
    {
        using var leaks = new TensorLeaks();
        var train = new FeatureRows(Pattern.Single(2000 * 4, 5), 4, [.. Enumerable.Range(0, 2000).Select(i => i % 4)]);
        var test = new FeatureRows(Pattern.Single(2000 * 4, 6), 4, [.. Enumerable.Range(0, 2000).Select(i => i % 4)]);
        var result = LinearEvaluation.Run(train, test, new() { Epochs = 3, LearningRates = [0.1] }, CPU);
        Assert.InRange(result.Test.Top1, 0.2, 0.3);
        Assert.Equal(1, result.Test.Top5);
    }

    [Fact]
    public void A_classifier_that_knows_nothing_or_has_diverged_is_not_right_about_everything()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var heads = new SoftmaxHeads(2, 3, new() { LearningRates = [1, 1e30] }, CPU);
        var targets = tensor(new long[] { 0, 1, 2 });
        Assert.Equal([0, 0, 1, 1, 2, 2], heads.Ranks(ones(3, 2), targets).data<long>().ToArray());
        for (var step = 0; step < 3; step++) heads.Step(full([3, 2], 1e20), targets, 1);
        Assert.Equal([3, 3, 3], heads.Ranks(full([3, 2], 1e20), targets).select(1, 1).contiguous().data<long>().ToArray());
    }

    [Fact]
    public void Rows_without_a_class_and_options_out_of_range_are_refused()
    {
        using var leaks = new TensorLeaks();
        var rows = Blobs(30, 1);
        Assert.Contains("need", Assert.Throws<ArgumentException>(() => LinearEvaluation.Run(rows, new([1, 1], 2, [-1]), new(), CPU)).Message, StringComparison.Ordinal);
        Assert.Contains("have 2 numbers, test rows 1", Assert.Throws<ArgumentException>(() => LinearEvaluation.Run(rows, new([1], 1, [0]), new(), CPU)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LinearEvaluation.Run(rows, rows, new() { LearningRates = [] }, CPU));
        Assert.Throws<ArgumentException>(() => LinearEvaluation.Run(rows, rows, new() { Epochs = 0 }, CPU));
        Assert.Throws<ArgumentException>(() => new FeatureRows([1, 2, 3], 2, [0]));
    }

    [Fact]
    public void Features_get_mean_0_and_deviation_1_and_constant_ones_become_0()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var values = Pattern.Single(20_000 * 3, 7);
        for (var i = 1; i < values.Length; i += 3) (values[i], values[i + 1]) = (5, 100 + values[i + 1]);
        var rows = new FeatureRows(values, 3, new int[20_000]);
        var scaled = FeatureScale.Of(rows).Apply(rows.Borrow());
        Close.All([0, 0, 0], Numbers.From(scaled.mean([0])), 2e-4);
        Close.All([1, 0, 1], Numbers.From(scaled.std(0, unbiased: false)), 2e-4);
        Assert.True(MemoryMarshal.Cast<byte, float>(rows.Borrow().bytes).SequenceEqual(values));
    }

    [Fact]
    public void Splits_are_balanced_seeded_and_whole()
    {
        int[] labels = [.. Enumerable.Range(0, 1000).Select(i => i % 3 == 0 ? 0 : i % 100 == 1 ? 1 : 2)];
        var tenth = LabelSplit.Balanced(labels, 0.1, 4);
        foreach (var label in new[] { 0, 1, 2 })
            Assert.Equal(Math.Max(1, (int)Math.Round(labels.Count(l => l == label) * 0.1)), tenth.Count(image => labels[image] == label));
        Assert.Equal(tenth, LabelSplit.Balanced(labels, 0.1, 4));
        Assert.NotEqual(tenth, LabelSplit.Balanced(labels, 0.1, 5));
        Assert.Equal(3, LabelSplit.Balanced(labels, 1e-6, 4).Length);
        Assert.Equal(Enumerable.Range(0, 1000), LabelSplit.Balanced(labels, 1, 4));
        Assert.Throws<ArgumentException>(() => LabelSplit.Balanced(labels, 0, 4));
        Assert.Throws<ArgumentException>(() => LabelSplit.Balanced([0, -1], 1, 4));

        var (kept, heldOut) = LabelSplit.HoldOut(1000, 0.2, 9);
        Assert.Equal((800, 200), (kept.Length, heldOut.Length));
        Assert.Equal(Enumerable.Range(0, 1000), kept.Concat(heldOut).Order());
    }

    /// <summary>Three classes around far corners.</summary>
    internal static FeatureRows Blobs(int count, ulong seed)
    {
        (float X, float Y)[] centres = [(3, 0), (-3, 0), (0, 4)];
        var noise = Pattern.Single(2 * count, seed);
        return new([.. Enumerable.Range(0, 2 * count).Select(i => noise[i] + (i % 2 == 0 ? centres[i / 2 % 3].X : centres[i / 2 % 3].Y))], 2, [.. Enumerable.Range(0, count).Select(i => i % 3)]);
    }
}
