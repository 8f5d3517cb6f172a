using OrleansContrastive.Learning.Distances;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Miners;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Losses;

/// <summary>The losses over pairs, triplets, labels and noise.</summary>
public sealed class PairLossTests
{
    private const double Cold = 1e-4;
    private static readonly long[] Labels = [3, 1, 3, 2, 1, 3, 7];
    private static readonly bool[] Genuine = [true, false, false, true, false, true];
    private static readonly GoldenFile File = new("Losses/golden/losses.golden");

    private static readonly Dictionary<string, LossCase> Cases = new()
    {
        ["pairs"] = new(["first", "second"], x => ContrastivePairs.Loss(x[0], x[1], Genuine, 2.5)),
        ["lifted"] = new(["rows"], x => LiftedStructure.Loss(x[0], Labels, 1)),
        ["lifted unit"] = new(["rows"], x => LiftedStructure.Loss(x[0], Labels, 0.5)),
        ["n-pair"] = new(["anchors", "positives"], x => NPair.Loss(x[0], x[1])),
        ["n-pair penalty"] = new(["anchors", "positives"], x => NPair.Loss(x[0], x[1], 0.02)),
        ["nt-logistic 0.5"] = new(["first", "second"], x => NtLogistic.Loss(x[0], x[1], 0.5)),
        ["nt-logistic 0.01"] = new(["first", "second"], x => NtLogistic.Loss(x[0], x[1], 0.01), Cold),
        ["debiased 0.5"] = new(["first", "second"], x => HardNegatives.Loss(x[0], x[1], 0.5, 0.1, 0)),
        ["debiased 0.01"] = new(["first", "second"], x => HardNegatives.Loss(x[0], x[1], 0.01, 0.1, 0), Cold),
        ["hard 0.5"] = new(["first", "second"], x => HardNegatives.Loss(x[0], x[1], 0.5, 0.1, 1)),
        ["hard 0.01"] = new(["first", "second"], x => HardNegatives.Loss(x[0], x[1], 0.01, 0.1, 1), Cold),
        ["hard floor"] = new(["first", "second"], x => HardNegatives.Loss(x[0], x[1], 0.5, 0.6, 0.5)),
        ["circle"] = new(["rows"], x => Circle.Loss(x[0], Labels, 0.25, 8)),
        ["circle 256"] = new(["rows"], x => Circle.Loss(x[0], Labels), Cold),
        ["soft neighbours"] = new(["rows"], x => SoftNearestNeighbour.Loss(x[0], Labels, 3)),
        ["soft neighbours 0.01"] = new(["rows"], x => SoftNearestNeighbour.Loss(x[0], Labels, 0.01), Cold),
        ["triplets margin"] = Triplet((a, p, n) => Triplets.Loss(a, p, n, 0.4)),
        ["triplets squared"] = Triplet((a, p, n) => Triplets.Loss(a, p, n, 0.2, Distance.SquaredEuclidean)),
        ["triplets cosine"] = Triplet((a, p, n) => Triplets.Loss(a, p, n, 0.3, Distance.Cosine)),
        ["triplets soft"] = Triplet((a, p, n) => Triplets.SoftMargin(a, p, n)),
        ["nce"] = new(["queries", "positives", "noise"], x => NoiseContrastiveEstimation.Loss(x[0], x[1], x[2], 0.2, 3.1, 40)),
        ["nce masked"] = new(["queries", "positives", "noise"], x => NoiseContrastiveEstimation.Loss(x[0], x[1], x[2], 0.07, 3.1, 40, Masked())),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    /// <summary>All but the circle loss, whose weights are constants to the gradient and none to a difference.</summary>
    public static TheoryData<string> Smooth => [.. Cases.Keys.Where(name => !name.StartsWith("circle", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_and_gradient_equal_PyTorch(string name)
    {
        using var leaks = new TensorLeaks();
        LossCheck.EqualsGolden(File, name, Cases[name], ScalarType.Float64);
        LossCheck.EqualsGolden(File, name, Cases[name], ScalarType.Float32);
    }

    [Theory]
    [MemberData(nameof(Smooth))]
    public void The_gradient_is_the_slope_of_the_loss(string name)
    {
        using var leaks = new TensorLeaks();
        LossCheck.HasItsSlope(File, name, Cases[name]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Brain_floats_are_widened(string name)
    {
        using var leaks = new TensorLeaks();
        LossCheck.WidensBrainFloats(File, name, Cases[name]);
    }

    [Theory]
    [InlineData("nt-logistic 0.5")]
    [InlineData("debiased 0.5")]
    [InlineData("hard 0.5")]
    [InlineData("hard floor")]
    public void Neither_the_order_of_the_batch_nor_that_of_the_views_matters(string name)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var loss = Cases[name];
        var x = LossCheck.Inputs(File, name, loss, ScalarType.Float64, gradients: false);
        Assert.Equal(File.Double($"{name}.value")[0], loss.Function([x[1].flip(0), x[0].flip(0)]).item<double>(), 1e-11);
    }

    [Fact]
    public void The_order_of_labelled_rows_does_not_matter()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        long[] order = [5, 2, 6, 0, 3, 1, 4];
        long[] labels = [.. order.Select(place => Labels[place])];
        Tensor Rows(string name) => tensor(File.Double($"{name}.rows"), File.Shape($"{name}.rows")).index_select(0, tensor(order));
        double Value(string name) => File.Double($"{name}.value")[0];
        Assert.Equal(Value("lifted"), LiftedStructure.Loss(Rows("lifted"), labels, 1).item<double>(), 1e-11);
        Assert.Equal(Value("circle"), Circle.Loss(Rows("circle"), labels, 0.25, 8).item<double>(), 1e-11);
        Assert.Equal(Value("soft neighbours"), SoftNearestNeighbour.Loss(Rows("soft neighbours"), labels, 3).item<double>(), 1e-11);
        Assert.Equal(Value("supcon 0.1"), SupervisedContrast.Loss(Rows("supcon 0.1"), labels, 0.1).item<double>(), 1e-11);
    }

    [Fact]
    public void Without_prior_and_concentration_hard_negatives_are_NT_Xent()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var x = LossCheck.Inputs(File, "nt-xent 0.5", Cases["hard 0.5"], ScalarType.Float64, gradients: false);
        Assert.Equal(File.Double("nt-xent 0.5.value")[0], HardNegatives.Loss(x[0], x[1], 0.5, 0, 0).item<double>(), 1e-12);
    }

    [Theory]
    [InlineData("debiased 0.5", 0.1, 0)]
    [InlineData("hard 0.5", 0.1, 1)]
    [InlineData("hard floor", 0.6, 0.5)]
    public void Hard_negatives_of_a_batch_are_those_of_rows_in_a_queue(string name, double prior, double beta)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        double[][] rows = [.. File.Double($"{name}.first").Concat(File.Double($"{name}.second")).Chunk(6)];
        var (batch, sampling, sum) = (rows.Length / 2, new ReweightedRows(beta, prior), 0.0);
        for (var query = 0; query < rows.Length; query++)
        {
            double[][] others = [.. rows.Where((_, row) => row % batch != query % batch)];
            var queue = new KeyQueue(others.Length, 6, ScalarType.Float64);
            queue.Append(tensor(others.SelectMany(row => row).ToArray()).bytes, new long[others.Length], default);
            using var pass = sampling.Begin(tensor(rows[query], [1, 6]), new() { Temperature = 0.5 }, queue);
            foreach (var (first, count) in pass.Ranges(100)) pass.Add(first, count);
            sum += sampling.Evaluate(rows[query], rows[(query + batch) % rows.Length], sampling.Join([pass.Finish()]), 0.5, new double[6]).Loss;
        }

        Assert.Equal(File.Double($"{name}.value")[0], sum / rows.Length, 1e-10);
    }

    [Fact]
    public void N_pair_of_one_label_each_is_the_softmax_over_the_batch()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = Numbers.Of([6, 3], 4, ScalarType.Float64);
        var logits = rows.mm(rows.t());
        var expected = nn.functional.cross_entropy(logits, arange(6)).item<double>();
        Assert.Equal(expected, NPair.Loss(rows, rows).item<double>(), 1e-12);
    }

    [Fact]
    public void The_golden_chance_levels_come_out()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Assert.Equal(9.318, NoiseContrastiveEstimation.ChanceLevel(4096), 1e-3);
        var query = tensor(new double[] { 1, 0 }, [1, 2]);
        var bank = tensor(new double[] { 0, 1 }, [1, 2]);
        var noise = bank.unsqueeze(1).expand(1, 4096, 2);

        // At right angles to all rows exp(s/T) is 1 and Z is N: every sample has the chance 1/N.
        Assert.Equal(9.318, NoiseContrastiveEstimation.Loss(query, bank, noise, 0.07, Math.Log(50_000), 50_000).item<double>(), 1e-3);
        Assert.Equal(2 * Math.Log(2), NtLogistic.Loss(eye(2, 4), eye(4).narrow(0, 2, 2), 0.07).item<float>(), 1e-6);
    }

    [Fact]
    public void Rows_that_are_all_equal_have_finite_losses_and_gradients()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var same = full([4, 4], 0.5, ScalarType.Float32).requires_grad_();
        long[] labels = [1, 1, 2, 2];
        (Tensor Loss, double Expected)[] losses =
        [
            (ContrastivePairs.Loss(same, same, [true, false, true, false], 2), 1),
            (Triplets.Loss(same, same, same, 0.3), 0.3),
            (Triplets.SoftMargin(same, same, same), Math.Log(2)),
            (NPair.Loss(same, same), Math.Log(4)),
            (LiftedStructure.Loss(same, labels, 1), Math.Pow(1 + Math.Log(4), 2) / 2),
            (NtLogistic.Loss(same, same, 0.01), 100),
            (Circle.Loss(same, labels), Math.Log(2) + (256 * (1.25 * 0.75 - (0.25 * 0.25)))),
            (SoftNearestNeighbour.Loss(same, labels, 0.01), Math.Log(3)),
            (HardNegatives.Loss(same, same, 0.01, 0.1, 1), Math.Log(1 + (6 * 0.9 / 0.9))),
        ];
        foreach (var (loss, expected) in losses)
        {
            Assert.Equal(expected, loss.item<float>(), 1e-3 * Math.Max(1, Math.Abs(expected) / 100));
            loss.backward();
        }

        Assert.All(Numbers.From(same.grad!), slope => Assert.True(double.IsFinite(slope)));
    }

    [Fact]
    public void One_label_for_all_or_none_alike_gives_a_defined_result_or_a_named_error()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = Numbers.Of([3, 2], 8, ScalarType.Float32);
        long[] one = [5, 5, 5], different = [1, 2, 3];
        Assert.Equal(0, SoftNearestNeighbour.Loss(rows, one, 0.1).item<float>(), 1e-6);
        Assert.Equal(0, NPair.Loss(rows.narrow(0, 0, 1), rows.narrow(0, 0, 1)).item<float>(), 1e-6);
        Action[] alike = [() => LiftedStructure.Loss(rows, one, 1), () => Circle.Loss(rows, one)];
        Assert.All(alike, call => Assert.Contains("All 3 rows have the label 5", Assert.Throws<ArgumentException>(call).Message));
        Action[] unlike =
        [
            () => LiftedStructure.Loss(rows, different, 1), () => Circle.Loss(rows, different), () => SoftNearestNeighbour.Loss(rows, different, 1),
        ];
        Assert.All(unlike, call => Assert.Contains("No two of the 3 rows", Assert.Throws<ArgumentException>(call).Message));
        var single = rows.narrow(0, 0, 1);
        Action[] lonely = [() => NtLogistic.Loss(single, single, 1), () => HardNegatives.Loss(single, single, 1, 0, 0)];
        Assert.All(lonely, call => Assert.Contains("[1, 2]; expected", Assert.Throws<ArgumentException>(call).Message));
    }

    [Fact]
    public void Mined_triplets_have_the_loss_of_their_rows_and_none_has_zero()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var rows = Numbers.Of([5, 3], 2, ScalarType.Float64).requires_grad_();
        var mined = AllTriplets.Mine([1, 2, 1, 3, 2]);
        var a = rows.index_select(0, tensor(mined.Anchors.ToArray()));
        var p = rows.index_select(0, tensor(mined.Positives.ToArray()));
        var n = rows.index_select(0, tensor(mined.Negatives.ToArray()));
        Assert.Equal(Triplets.Loss(a, p, n, 0.3).item<double>(), Triplets.Loss(rows, mined, 0.3).item<double>(), 1e-12);
        Assert.Equal(Triplets.SoftMargin(a, p, n).item<double>(), Triplets.SoftMargin(rows, mined).item<double>(), 1e-12);
        var none = Triplets.Loss(rows, AllTriplets.Mine([1, 2, 3, 4, 5]), 0.3);
        none.backward();
        Assert.Equal(0, none.item<double>());
        Assert.All(Numbers.From(rows.grad!), slope => Assert.Equal(0, slope));
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Tensor a = zeros([2, 3]), b = zeros([2, 4]), noise = zeros([2, 5, 3]);
        Action[] unlike =
        [
            () => ContrastivePairs.Loss(a, b, [true, false], 1), () => Triplets.Loss(a, a, b, 1), () => Triplets.SoftMargin(a, b, a),
            () => NPair.Loss(a, b), () => NtLogistic.Loss(a, b, 1), () => HardNegatives.Loss(a, b, 1, 0, 0),
            () => NoiseContrastiveEstimation.Loss(a, b, noise, 1, 0, 9),
        ];
        Assert.All(unlike, call => Assert.Contains("[2, 4]", Assert.Throws<ArgumentException>(call).Message));
        Assert.Contains("1 genuine; expected 2", Assert.Throws<ArgumentException>(() => ContrastivePairs.Loss(a, a, [true], 1)).Message);
        Assert.Contains("[2, m, 3]", Assert.Throws<ArgumentException>(() => NoiseContrastiveEstimation.Loss(a, a, zeros([2, 0, 3]), 1, 0, 9)).Message);
        Assert.Contains("[2, 5]", Assert.Throws<ArgumentException>(() => NoiseContrastiveEstimation.Loss(a, a, noise, 1, 0, 9, a)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => HardNegatives.Loss(a, a, 1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => HardNegatives.Loss(a, a, 1, 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ContrastivePairs.Loss(a, a, [true, true], 0));
    }

    private static Tensor Masked() =>
        tensor(new[] { false, true, false, false, false, false, false, false, false, false, false, true }, [4, 3]);

    private static LossCase Triplet(Func<Tensor, Tensor, Tensor, Tensor> loss) =>
        new(["anchors", "positives", "negatives"], x => loss(x[0], x[1], x[2]));
}
