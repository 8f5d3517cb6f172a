using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

public sealed class WeightedKnnTests
{
    [Fact]
    public void Six_points_by_hand()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();

        // Unit vectors at these angles; the test point is at 0 degrees.
        var train = Angles(10, 35, 40, 100, 120, 180);
        int[] labels = [0, 1, 1, 2, 2, 0];
        var test = Angles(0);

        // k = 3: class 0 has exp(cos 10°/T), class 1 exp(cos 35°/T) + exp(cos 40°/T).
        // T = 0.1: 18925 against 3613 + 2122, class 0. T = 1: 2.678 against 2.269 + 2.151, class 1.
        var scores = WeightedKnn.Evaluate(train, labels, test, new[] { 0 }, new KnnSetting(3, 0.1), new KnnSetting(3, 1), new KnnSetting(200, 1));
        Assert.Equal([1, 0, 0], scores.Select(score => score.Top1));
        Assert.Equal([1, 1, 1], scores.Select(score => score.Top5));
        Assert.Equal(1, WeightedKnn.Evaluate(train, labels, test, new[] { 1 }, new KnnSetting(3, 1))[0].Top1);

        // A class nobody voted for is no hit, not even among five; neither is one that was never trained.
        Assert.Equal(0, WeightedKnn.Evaluate(train, labels, test, new[] { 2 }, new KnnSetting(3, 1))[0].Top5);
        Assert.Equal(0, WeightedKnn.Evaluate(train, labels, test, new[] { 7 }, new KnnSetting(6, 1))[0].Top5);
    }

    [Theory]
    [InlineData(500, 700)]
    [InlineData(9000, 300)]
    public void Equals_the_straightforward_form(int n, int m)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        const int Width = 8, Classes = 13;
        var train = nn.functional.normalize(tensor(Pattern.Single(n * Width, 1), [n, Width]), 2, 1);
        var test = nn.functional.normalize(tensor(Pattern.Single(m * Width, 2), [m, Width]), 2, 1);
        int[] trainLabels = [.. Enumerable.Range(0, n).Select(i => i * 7 % Classes)];
        int[] testLabels = [.. Enumerable.Range(0, m).Select(i => i * 5 % Classes)];
        KnnSetting[] settings = [KnnSetting.Standard, KnnSetting.Local, new(1, 0.1), new(n + 5, 0.5)];

        var found = WeightedKnn.Evaluate(train, trainLabels, test, testLabels, settings);
        for (var s = 0; s < settings.Length; s++)
        {
            Assert.Equal(settings[s], found[s].Setting);
            var (top1, top5) = Straightforward(train, trainLabels, test, testLabels, settings[s], Classes);
            Assert.Equal(top1, found[s].Top1, 1e-12);
            Assert.Equal(top5, found[s].Top5, 1e-12);
        }
    }

    [Theory]
    [InlineData(9000, 300, 1)]
    [InlineData(9000, 300, 2)]
    [InlineData(4100, 40, 2)]
    public void A_gallery_in_parts_is_the_whole_one(int n, int m, int chunks)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        const int Width = 8, Classes = 13;
        // Every row stands twice, often in two parts, so that ties are many.
        var half = nn.functional.normalize(tensor(Pattern.Single(n / 2 * Width, 1), [n / 2, Width]), 2, 1);
        var (train, test) = (cat([half, half]), nn.functional.normalize(tensor(Pattern.Single(m * Width, 2), [m, Width]), 2, 1));
        int[] trainLabels = [.. Enumerable.Range(0, n).Select(i => i * 7 % Classes)];
        int[] testLabels = [.. Enumerable.Range(0, m).Select(i => i * 5 % Classes)];
        KnnSetting[] settings = [KnnSetting.Standard, KnnSetting.Local, new(1, 0.1), new(n + 5, 0.5)];

        var whole = WeightedKnn.Find(train, test, n);
        var size = chunks * WeightedKnn.Chunk;
        Neighbours[] parts = [.. Enumerable.Range(0, (n + size - 1) / size).Select(part =>
            WeightedKnn.Find(train.narrow(0, part * size, Math.Min(size, n - (part * size))), test, n, part * size))];
        Assert.True(parts.Length > 1 || n <= size);
        foreach (var order in new[] { parts, [.. parts.Reverse()] })
        {
            var joined = Neighbours.Join(order, n);
            Assert.Equal(whole.Keys.ToArray(), joined.Keys.ToArray());
            Assert.Equal(WeightedKnn.Evaluate(train, trainLabels, test, testLabels, settings), WeightedKnn.Evaluate(joined, trainLabels, testLabels, settings));
        }

        Assert.Equal(whole.Keys[..7].ToArray(), Neighbours.Join(parts, 7).Keys[..7].ToArray());
        var tooFew = Assert.Throws<ArgumentException>(() => WeightedKnn.Evaluate(Neighbours.Join(parts, 7), trainLabels, testLabels, settings[..1]));
        Assert.Contains("expected 200", tooFew.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nearest_rows_are_sorted_and_ties_go_to_the_lower_row()
    {
        var nearest = new NearestRows(3);
        var similarities = new float[1000];
        similarities[999] = 0.5f;
        similarities[17] = 0.5f;
        similarities[400] = -0.5f;
        similarities[500] = 0.75f;
        nearest.Offer(similarities.AsSpan(0, 600), 0);
        nearest.Offer(similarities.AsSpan(600), 600);
        var best = nearest.Best().ToArray();
        Assert.Equal([500, 17, 999], best.Select(NearestRows.Row));
        Assert.Equal([0.75f, 0.5f, 0.5f], best.Select(NearestRows.Similarity));

        var negative = new NearestRows(2);
        negative.Offer([-0.9f, -0.1f, -0.4f], 0);
        Assert.Equal([-0.1f, -0.4f], negative.Best().ToArray().Select(NearestRows.Similarity));
    }

    [Fact]
    public void Rows_without_a_number_are_misses()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Assert.Equal(0, WeightedKnn.Evaluate(Angles(1, 2), new[] { 0, 1 }, full([1, 2], double.NaN), new[] { 0 }, KnnSetting.Local)[0].Top1);
    }

    [Fact]
    public void Labels_that_do_not_fit_are_refused()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() =>
            WeightedKnn.Evaluate(Angles(1, 2), new[] { 0 }, Angles(3), new[] { 0 }, KnnSetting.Standard));
        Assert.Contains("Training rows [2, 2] with 1 labels", error.Message);
        Assert.Throws<ArgumentException>(() => WeightedKnn.Evaluate(Angles(1), new[] { 0 }, Angles(3), new[] { 0 }, new KnnSetting(0, 1)));
        Assert.Throws<ArgumentException>(() => WeightedKnn.Evaluate(Angles(1), new[] { 0 }, Angles(3), new[] { 0 }));
    }

    private static (double Top1, double Top5) Straightforward(
        Tensor train, int[] trainLabels, Tensor test, int[] testLabels, KnnSetting setting, int classes)
    {
        var (values, rows) = test.mm(train.t()).topk((int)Math.Min(setting.Neighbours, train.shape[0]), 1);
        var k = (int)values.shape[1];
        var similarities = MemoryMarshal.Cast<byte, float>(values.contiguous().bytes);
        var indexes = MemoryMarshal.Cast<byte, long>(rows.contiguous().bytes);
        var (top1, top5) = (0, 0);
        for (var i = 0; i < testLabels.Length; i++)
        {
            var scores = new double[classes];
            for (var j = 0; j < k; j++)
            {
                scores[trainLabels[indexes[i * k + j]]] += Math.Exp(similarities[i * k + j] / setting.Temperature);
            }

            int[] order = [.. Enumerable.Range(0, classes).Where(c => scores[c] > 0).OrderByDescending(c => scores[c])];
            top1 += order[0] == testLabels[i] ? 1 : 0;
            top5 += order.Take(5).Contains(testLabels[i]) ? 1 : 0;
        }

        return ((double)top1 / testLabels.Length, (double)top5 / testLabels.Length);
    }

    private static Tensor Angles(params double[] degrees) => tensor(
        degrees.SelectMany(angle => new[] { (float)Math.Cos(angle * Math.PI / 180), (float)Math.Sin(angle * Math.PI / 180) }).ToArray(),
        [degrees.Length, 2]);
}
