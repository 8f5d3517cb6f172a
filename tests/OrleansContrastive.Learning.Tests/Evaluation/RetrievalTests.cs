using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>Retrieval against a naive order of everything (make_protocol_golden.py) and by hand.</summary>
public sealed class RetrievalTests
{
    [Fact]
    public void Equals_the_straightforward_form_in_one_pass_and_in_parts()
    {
        using var leaks = new TensorLeaks();
        var queries = new FeatureRows(Pattern.Single(25 * 4, 3), 4, [.. Enumerable.Range(0, 25).Select(i => i * 3 % 5)]).Unit();
        var gallery = new FeatureRows(Pattern.Single(60 * 4, 4), 4, [.. Enumerable.Range(0, 60).Select(i => i * 7 % 4)]).Unit();
        var expected = new GoldenFile("Evaluation/golden/protocols.golden").Double("retrieval.scores");

        Close.All(expected, Scores(Retrieval.Evaluate(queries, gallery, 0, 25, CPU)), 1e-9);
        Close.All(expected, Scores(RetrievalScore.Join([Retrieval.Evaluate(queries, gallery, 0, 10, CPU), Retrieval.Evaluate(queries, gallery, 10, 15, CPU)])), 1e-9);
    }

    [Fact]
    public void Four_rows_by_hand()
    {
        using var leaks = new TensorLeaks();
        // Cosines 1, 0.8, 0.8, 0 of classes 1, 0, 1, 0: equal ones in the order of their rows.
        var gallery = new FeatureRows([1, 0, 0.8f, 0.6f, 0.8f, -0.6f, 0, 1], 2, [1, 0, 1, 0]);
        var score = Retrieval.Evaluate(new([1, 0, 1, 0, 1, 0], 2, [0, 1, 2]), gallery, 0, 3, CPU);
        // Class 0 at places 2 and 4, class 1 at 1 and 3, class 2 nowhere.
        Assert.Equal((2, 1), (score.Queries, score.WithoutMatch));
        Assert.Equal((0.5, 1.0, 1.0), (score.RecallAt1, score.RecallAt5, score.RecallAt10));
        Assert.Equal((((1.0 / 2) + (2.0 / 4)) / 2 + ((1.0 + (2.0 / 3)) / 2)) / 2, score.MeanAveragePrecision, 1e-12);
    }

    [Fact]
    public void What_is_no_number_comes_last_and_what_does_not_fit_is_refused()
    {
        using var leaks = new TensorLeaks();
        var gallery = new FeatureRows([float.NaN, float.NaN, 0, 1], 2, [0, 1]);
        Assert.Equal(1, Retrieval.Evaluate(new([1, 0], 2, [1]), gallery, 0, 1, CPU).RecallAt1);
        Assert.Throws<ArgumentException>(() => Retrieval.Evaluate(new([1], 1, [1]), gallery, 0, 1, CPU));
        Assert.Equal(new(0, 1, 0, 0, 0, 0), Retrieval.Evaluate(new([1, 0], 2, [-1]), gallery, 0, 1, CPU));
    }

    private static double[] Scores(RetrievalScore score) =>
        [score.Queries, score.WithoutMatch, score.RecallAt1, score.RecallAt5, score.RecallAt10, score.MeanAveragePrecision];
}
