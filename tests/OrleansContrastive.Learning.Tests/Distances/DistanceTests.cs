using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Distances;

public sealed class DistanceTests
{
    private const int Width = 6;

    /// <summary>Distances with their definition on two rows of numbers.</summary>
    private static readonly Dictionary<string, (IDistance Distance, Func<double[], double[], double> Definition, bool Histograms)> Cases = new()
    {
        ["cosine"] = (Distance.Cosine, (x, y) => Dot(x, y) / Math.Sqrt(Dot(x, x) * Dot(y, y)), false),
        ["dot"] = (Distance.Dot, Dot, false),
        ["euclidean"] = (Distance.Euclidean, (x, y) => Math.Sqrt(Squares(x, y)), false),
        ["squared euclidean"] = (Distance.SquaredEuclidean, Squares, false),
        ["manhattan"] = (Distance.Manhattan, (x, y) => x.Zip(y, (a, b) => Math.Abs(a - b)).Sum(), false),
        ["kullback-leibler"] = (Distance.KullbackLeibler, Divergence, true),
        ["jensen-shannon"] = (Distance.JensenShannon, (x, y) => (Divergence(x, Middle(x, y)) + Divergence(y, Middle(x, y))) / 2, true),
        ["histogram wasserstein"] = (new HistogramWasserstein(0.5), Area, true),
        ["sample wasserstein"] = (new SampleWasserstein(), Assignment, false),
        ["sinkhorn"] = (SinkhornDistance.OnLine(Width, 0.5, 20), (x, y) => Transport(x, y, 0.5, 20), true),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void All_pairs_and_single_pairs_have_their_definition(string name)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (distance, definition, histograms) = Cases[name];
        double[][] rows = Rows(4, 1, histograms), others = Rows(3, 2, histograms);
        double[] pairs = [.. rows.SelectMany(row => others.Select(other => definition(row, other)))];
        double[] aligned = [.. rows.Take(3).Zip(others, definition)];
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-10), (ScalarType.Float32, 1e-5) })
        {
            var found = distance.Pairwise(Of(rows, type), Of(others, type));
            Assert.Equal(type, found.dtype);
            Assert.Equal([4, 3], found.shape);
            Close.All(pairs, Numbers.From(found), tolerance);
            Close.All(aligned, Numbers.From(distance.Aligned(Of(rows[..3], type), Of(others, type))), tolerance);
        }

        Assert.Equal(ScalarType.Float32, distance.Pairwise(Of(rows, ScalarType.BFloat16), Of(others, ScalarType.BFloat16)).dtype);
        Assert.Equal(definition(rows[0], rows[0]) > definition(rows[0], rows[1]), distance.IsSimilarity);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_are_slopes(string name)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (distance, _, histograms) = Cases[name];
        double[][] rows = Rows(3, 3, histograms), others = Rows(3, 4, histograms);
        Check(rows, others, (x, y) => distance.Pairwise(x, y));
        Check(rows, others, (x, y) => distance.Aligned(x, y));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_rows_and_rows_of_zeros_have_finite_gradients(string name)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (distance, _, histograms) = Cases[name];
        double[] zero = new double[Width], spike = [0, 1, 0, 0, 0, 0], plain = Rows(1, 5, histograms)[0];
        var rows = Of([zero, spike, plain, plain], ScalarType.Float32).requires_grad_();
        var others = Of([zero, spike, spike, plain], ScalarType.Float32).requires_grad_();
        var value = distance.Pairwise(rows, others).sum().add(distance.Aligned(rows, others).sum());
        value.backward();
        Assert.True(double.IsFinite(value.item<float>()));
        Assert.All(Numbers.From(rows.grad!).Concat(Numbers.From(others.grad!)), slope => Assert.True(double.IsFinite(slope)));
        if (!distance.IsSimilarity && name != "sinkhorn") Assert.Equal(0, distance.Aligned(rows, rows).sum().item<float>(), 1e-6);
    }

    [Fact]
    public void Near_rows_are_as_near_as_they_are_in_a_large_batch()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = Numbers.Of([40, 16], 1, ScalarType.Float32, scale: 10);
        Assert.Equal(0, Distance.Euclidean.Pairwise(rows, rows).diagonal().max().item<float>());
    }

    [Fact]
    public void Divergences_keep_their_bounds_where_nothing_overlaps()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var left = Of([[0.5, 0.5, 0, 0]], ScalarType.Float64);
        var right = Of([[0, 0, 0.25, 0.75]], ScalarType.Float64);
        Assert.Equal(Math.Log(2), Distance.JensenShannon.Aligned(left, right).item<double>(), 1e-9);
        Assert.Equal(Math.Log(0.5) - Math.Log(1e-12), Distance.KullbackLeibler.Aligned(left, right).item<double>(), 1e-9);
    }

    [Fact]
    public void A_histogram_is_as_far_as_the_samples_in_its_bins()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var histograms = Of([[0.5, 0, 0.25, 0.25], [0, 0.75, 0, 0.25]], ScalarType.Float64);
        var samples = Of([[2, 0, 3, 0], [1, 3, 1, 1]], ScalarType.Float64);
        Close.All(
            Numbers.From(new SampleWasserstein().Pairwise(samples, samples)),
            Numbers.From(new HistogramWasserstein().Pairwise(histograms, histograms)), 1e-12);
    }

    [Fact]
    public void Transport_with_little_entropy_costs_what_the_exact_plan_does()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = Of(Rows(3, 6, true), ScalarType.Float64);
        var others = Of(Rows(3, 7, true), ScalarType.Float64);
        var exact = Numbers.From(new HistogramWasserstein().Pairwise(rows, others));
        Close.All(exact, Numbers.From(SinkhornDistance.OnLine(Width, 0.2, 500).Pairwise(rows, others)), 3e-3);
        var blurred = Numbers.From(SinkhornDistance.OnLine(Width, 0.5, 200).Pairwise(rows, others));
        Assert.All(blurred.Zip(exact), pair => Assert.True(pair.First > pair.Second));
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Tensor a = zeros([2, 6]), b = zeros([2, 4]);
        foreach (var (distance, _, _) in Cases.Values)
        {
            Assert.Contains("[2, 6] and the others [2, 4]", Assert.Throws<ArgumentException>(() => distance.Pairwise(a, b)).Message);
            Assert.Contains("[3, 6]", Assert.Throws<ArgumentException>(() => distance.Aligned(a, zeros([3, 6]))).Message);
        }

        Assert.Contains("4 bins; expected 6", Assert.Throws<ArgumentException>(() => Cases["sinkhorn"].Distance.Aligned(b, b)).Message);
        Assert.Contains("[2, 3]; expected [D, D]", Assert.Throws<ArgumentException>(() => new SinkhornDistance(new double[2, 3], 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HistogramWasserstein(0));
    }

    private static void Check(double[][] rows, double[][] others, Func<Tensor, Tensor, Tensor> distance)
    {
        // A weighted sum, so that no two entries stand for each other.
        double Value(double[][] x, double[][] y) => Weighted(distance(Of(x, ScalarType.Float64), Of(y, ScalarType.Float64))).item<double>();
        var left = Of(rows, ScalarType.Float64).requires_grad_();
        var right = Of(others, ScalarType.Float64).requires_grad_();
        Weighted(distance(left, right)).backward();
        double[] leftSlopes = Numbers.From(left.grad!), rightSlopes = Numbers.From(right.grad!);
        for (var i = 0; i < leftSlopes.Length; i += 2)
        {
            Assert.Equal(Slope(shift => Value(Moved(rows, i, shift), others)), leftSlopes[i], 1e-6);
            Assert.Equal(Slope(shift => Value(rows, Moved(others, i, shift))), rightSlopes[i], 1e-6);
        }

        static Tensor Weighted(Tensor values) => values.mul(arange(1, values.numel() + 1, dtype: ScalarType.Float64).view(values.shape)).sum();
        static double Slope(Func<double, double> value) => (value(1e-6) - value(-1e-6)) / 2e-6;
        static double[][] Moved(double[][] rows, int at, double shift)
        {
            double[][] moved = [.. rows.Select(row => (double[])row.Clone())];
            moved[at / Width][at % Width] += shift;
            return moved;
        }
    }

    private static Tensor Of(double[][] rows, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]).to_type(type).MoveToOuterDisposeScope();
    }

    private static double[][] Rows(int count, ulong seed, bool histograms) => [.. Enumerable.Range(0, count).Select(row =>
    {
        var values = Pattern.Double(Width, (seed * 100) + (ulong)row);
        if (!histograms) return values;
        double[] masses = [.. values.Select(value => value + 1.1)];
        var total = masses.Sum();
        return [.. masses.Select(mass => mass / total)];
    })];

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private static double Squares(double[] x, double[] y) => x.Zip(y, (a, b) => (a - b) * (a - b)).Sum();

    private static double[] Middle(double[] x, double[] y) => [.. x.Zip(y, (a, b) => (a + b) / 2)];

    private static double Divergence(double[] x, double[] y) => x.Zip(y, (a, b) => a * Math.Log(a / b)).Sum();

    /// <summary>Half of the area between the cumulative sums: the bins are ½ apart.</summary>
    private static double Area(double[] x, double[] y) =>
        Enumerable.Range(1, Width - 1).Sum(bin => Math.Abs(x.Take(bin).Sum() - y.Take(bin).Sum())) / 2;

    /// <summary>The cheapest of all ways to pair the samples of two rows, tried one by one.</summary>
    private static double Assignment(double[] x, double[] y)
    {
        return Cheapest(0, 0) / Width;

        double Cheapest(int place, int taken) => place == Width
            ? 0
            : Enumerable.Range(0, Width).Where(other => (taken & (1 << other)) == 0)
                .Min(other => Math.Abs(x[place] - y[other]) + Cheapest(place + 1, taken | (1 << other)));
    }

    /// <summary>Sinkhorn's rounds as matrix scalings, with plain exponentials.</summary>
    private static double Transport(double[] x, double[] y, double epsilon, int rounds)
    {
        double[] u = new double[Width], v = [.. Enumerable.Repeat(1.0, Width)];
        double Kernel(int i, int j) => Math.Exp(-Math.Abs(i - j) / epsilon);
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < Width; i++) u[i] = x[i] / Enumerable.Range(0, Width).Sum(j => Kernel(i, j) * v[j]);
            for (var j = 0; j < Width; j++) v[j] = y[j] / Enumerable.Range(0, Width).Sum(i => Kernel(i, j) * u[i]);
        }

        return Enumerable.Range(0, Width).Sum(i => Enumerable.Range(0, Width).Sum(j => u[i] * Kernel(i, j) * v[j] * Math.Abs(i - j)));
    }
}
