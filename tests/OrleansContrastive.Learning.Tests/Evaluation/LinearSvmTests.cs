using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;
using OrleansContrastive.Learning.Tests.Golden;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>Support vector machines against the primal's minimum (make_protocol_golden.py) and closed forms.</summary>
public sealed class LinearSvmTests
{
    private static readonly GoldenFile File = new("Evaluation/golden/protocols.golden");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0.5)]
    [InlineData(5)]
    public void The_dual_descent_ends_at_the_primals_minimum(double cost)
    {
        int[] labels = Array.ConvertAll(File.Int64("svm.labels"), label => (int)label);
        var rows = new FeatureRows(Pattern.Single(40 * 5, 2), 5, labels).Unit();
        var machine = LinearSvm.Fit(rows, null, cost, seed: 3, tolerance: 1e-6, threads: 2);
        Close.All(File.Double($"svm.{cost}"), [.. machine.Weights.SelectMany(weights => weights).Select(weight => (double)weight)], 2e-4);
        // Deterministic, however many threads there are.
        Assert.Equal(machine.Weights, LinearSvm.Fit(rows, null, cost, seed: 3, tolerance: 1e-6).Weights);
    }

    [Fact]
    public void Two_points_have_a_closed_form()
    {
        // ½w² + 2C(1 - w)² for x = ±1 with y = ±1: w = 4C / (1 + 4C), no bias.
        const double Cost = 0.7;
        var machine = LinearSvm.Fit(new([1, -1], 1, [1, 0]), null, Cost, tolerance: 1e-7);
        Assert.Equal(4 * Cost / (1 + (4 * Cost)), machine.Weights[1][0], 1e-5);
        Assert.Equal(0, machine.Weights[1][1], 1e-5);
        Assert.Equal((1, 0), (machine.Predict([0.3f]), machine.Predict([-0.3f])));
    }

    [Fact]
    public void Classes_that_a_line_parts_are_learned_and_the_cost_is_chosen_without_the_test_rows()
    {
        var result = SvmEvaluation.Run(LinearEvaluationTests.Blobs(200, 1), LinearEvaluationTests.Blobs(90, 2), SvmEvaluation.Costs, 1, 2, Token);
        Assert.Equal(1, result.Test.Top1);
        Assert.Equal(SvmEvaluation.Costs, result.Sweep.Select(score => score.Cost));
        Assert.Equal(result.Sweep.MaxBy(score => score.Top1).Cost, result.Test.Cost);
        Assert.Empty(SvmEvaluation.Run(LinearEvaluationTests.Blobs(30, 1), LinearEvaluationTests.Blobs(9, 2), [1], 1, 1, Token).Sweep);
    }

    [Fact]
    public void A_cost_out_of_range_and_rows_without_a_class_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LinearSvm.Fit(LinearEvaluationTests.Blobs(9, 1), null, 0));
        Assert.Throws<ArgumentException>(() => LinearSvm.Fit(new([1, 2], 1, [0, -1]), null, 1));
        Assert.Throws<ArgumentException>(() => SvmEvaluation.Run(LinearEvaluationTests.Blobs(9, 1), LinearEvaluationTests.Blobs(9, 1), [], 1, 1, Token));
    }
}
