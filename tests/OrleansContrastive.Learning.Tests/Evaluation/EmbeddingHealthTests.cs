using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>The health of embeddings against PyTorch and numpy (make_health_golden.py) and where the answer is known.</summary>
public sealed class EmbeddingHealthTests
{
    private static readonly GoldenFile File = new("Evaluation/golden/health.golden");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Equals_PyTorch_and_numpy(int number)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var shape = File.Shape($"{number}.rows");
        var (rows, positives) = (File.Double($"{number}.rows"), File.Double($"{number}.positives"));
        var temperature = File.Double($"{number}.temperature")[0];
        var expected = File.Double($"{number}.measures");

        Close.All(expected, Numbers(EmbeddingHealth.Of(tensor(rows, shape), tensor(positives, shape), temperature)), 1e-9);
        var spans = EmbeddingHealth.Of(Singles(rows), Singles(positives), (int)shape[1], temperature);
        Close.All(expected, Numbers(spans), 1e-5);
        Assert.Equal(((int)shape[0], (int)shape[1]), (spans.Rows, spans.Width));
    }

    [Fact]
    public void Equal_rows_are_a_collapse_in_every_measure()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = ones(6, 4).div(2);
        var health = EmbeddingHealth.Of(rows, rows, 0.1);

        Close.All(new[] { 0, 0, 0, 1, 0, Math.Log(6), 1, 1 }, Numbers(health), 1e-6);
    }

    [Fact]
    public void Opposite_unit_vectors_of_every_axis_are_as_even_as_rows_can_be()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        // Of the other 2 D - 1 rows one is opposite (|x - y|² = 4), the rest orthogonal (2).
        const int Width = 8;
        var axes = eye(Width);
        var health = EmbeddingHealth.Of(cat([axes, -axes]), cat([axes, -axes]), 0.5);

        var uniformity = Math.Log((Math.Exp(-8) + (2 * (Width - 1) * Math.Exp(-4))) / (2 * Width - 1));
        double[] logits = [2, -2, .. Enumerable.Repeat(0.0, 2 * (Width - 1))];
        var sum = logits.Sum(Math.Exp);
        var entropy = -logits.Sum(logit => Math.Exp(logit) / sum * (logit - Math.Log(sum)));
        Close.All(new[] { 0, uniformity, 1, Width, 1, entropy, 1, 0 }, Numbers(health), 1e-6);
    }

    [Fact]
    public void Only_the_first_rows_of_a_large_batch_count()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = nn.functional.normalize(tensor(Pattern.Single(600 * 8, 5), [600, 8]), 2, 1);
        var first = rows.narrow(0, 0, EmbeddingHealth.MaximumRows);
        Assert.Equal(EmbeddingHealth.Of(first, first, 0.1), EmbeddingHealth.Of(rows, rows, 0.1));
    }

    [Fact]
    public void Numbers_that_are_none_are_told_and_shapes_that_do_not_fit_are_refused()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Assert.False(EmbeddingHealth.Of(full([3, 2], double.NaN), ones(3, 2), 1).IsFinite);
        Assert.Contains("found [3, 2] and [2, 2]", Assert.Throws<ArgumentException>(() => EmbeddingHealth.Of(ones(3, 2), ones(2, 2), 1)).Message);
        Assert.Throws<ArgumentException>(() => EmbeddingHealth.Of(ones(1, 2), ones(1, 2), 1));
        Assert.Throws<ArgumentException>(() => EmbeddingHealth.Of(ones(2, 2), ones(2, 2), 0));
        Assert.Throws<ArgumentException>(() => EmbeddingHealth.Of(new float[5], new float[5], 2, 1));
    }

    internal static double[] Numbers(HealthMeasures health) =>
    [
        health.Alignment, health.Uniformity, health.StdRootD, health.EffectiveRank,
        health.ContrastiveAccuracy, health.SoftmaxEntropy, health.PositiveSimilarity, health.HardestNegativeSimilarity,
    ];

    private static float[] Singles(double[] values) => Array.ConvertAll(values, value => (float)value);
}
