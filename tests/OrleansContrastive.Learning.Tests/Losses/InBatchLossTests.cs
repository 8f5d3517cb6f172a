using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Losses;

/// <summary>The losses over the views of a batch, with and without negatives.</summary>
public sealed class InBatchLossTests
{
    private const double Cold = 1e-4;
    private static readonly long[] Labels = [3, 1, 3, 2, 1, 3, 7];
    private static readonly GoldenFile File = new("Losses/golden/losses.golden");

    private static readonly Dictionary<string, LossCase> Cases = new()
    {
        ["nt-xent 0.5"] = Pair((first, second) => NtXent.Loss(first, second, 0.5)),
        ["nt-xent 0.01"] = Pair((first, second) => NtXent.Loss(first, second, 0.01), Cold),
        ["dcl 0.5"] = Pair((first, second) => DecoupledContrast.Loss(first, second, 0.5)),
        ["dcl 0.01"] = Pair((first, second) => DecoupledContrast.Loss(first, second, 0.01), Cold),
        ["dclw"] = Pair((first, second) => DecoupledContrast.Loss(first, second, 0.2, 0.5)),
        ["in-batch 0.5"] = new(["queries", "keys"], x => InBatchInfoNce.Loss(x[0], x[1], 0.5)),
        ["in-batch 0.01"] = new(["queries", "keys"], x => InBatchInfoNce.Loss(x[0], x[1], 0.01), Cold),
        ["supcon 0.1"] = new(["rows"], x => SupervisedContrast.Loss(x[0], Labels, 0.1)),
        ["supcon 0.01"] = new(["rows"], x => SupervisedContrast.Loss(x[0], Labels, 0.01), Cold),
        ["negative cosine"] = new(["predictions", "targets"], x => NegativeCosine.Loss(x[0], x[1])),
        ["vicreg"] = Pair((first, second) => VicReg.Loss(first, second)),
        ["vicreg weights"] = Pair((first, second) => VicReg.Loss(first, second, 3, 2, 5)),
        ["barlow"] = Pair((first, second) => BarlowTwins.Loss(first, second)),
        ["barlow scaled"] = Pair((first, second) => BarlowTwins.Loss(first, second, 0.02, 0.024)),
        ["swav"] = new(["scores", "codes"], x => SwappedPrediction.Loss(x[0], x[1], 0.1)),
        ["dino"] = new(["scores", "codes"], x => SelfDistillation.Loss(x[0], x[1], 0.1)),
        ["siglip"] = new(["first", "second", "scale", "bias"], x => PairwiseSigmoid.Loss(x[0], x[1], x[2], x[3])),
        ["siglip cold"] = new(["first", "second", "scale", "bias"], x => PairwiseSigmoid.Loss(x[0], x[1], x[2], x[3])),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    /// <summary>All but DCLW, whose weights are constants to the gradient and none to a difference.</summary>
    public static TheoryData<string> Smooth => [.. Cases.Keys.Where(name => name != "dclw")];

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
    [InlineData("nt-xent 0.5", true)]
    [InlineData("nt-xent 0.01", true)]
    [InlineData("dcl 0.5", true)]
    [InlineData("dclw", true)]
    [InlineData("siglip", true)]
    [InlineData("negative cosine", true)]
    [InlineData("vicreg", false)]
    [InlineData("barlow", false)]
    public void Neither_the_order_of_the_batch_nor_a_common_rotation_matters(string name, bool rotation)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var loss = Cases[name];
        var inputs = LossCheck.Inputs(File, name, loss, ScalarType.Float64, gradients: false);
        var expected = loss.Function(inputs).item<double>();
        long[] order = [.. Enumerable.Range(0, (int)inputs[0].shape[0]).Select(row => (long)row).Reverse()];
        var index = tensor(order);
        Tensor[] permuted = [.. inputs.Select((input, i) => i < 2 ? input.index_select(0, index) : input)];
        Assert.Equal(expected, loss.Function(permuted).item<double>(), 1e-11);
        if (rotation)
        {
            var turn = Mirror(inputs[0].shape[1]);
            Tensor[] turned = [.. inputs.Select((input, i) => i < 2 ? input.mm(turn) : input)];
            Assert.Equal(expected, loss.Function(turned).item<double>(), 1e-11);
        }
    }

    [Theory]
    [InlineData("nt-xent 0.5")]
    [InlineData("dcl 0.5")]
    [InlineData("dclw")]
    [InlineData("siglip")]
    [InlineData("vicreg")]
    [InlineData("barlow")]
    public void The_two_views_are_alike(string name)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var loss = Cases[name];
        var inputs = LossCheck.Inputs(File, name, loss, ScalarType.Float64, gradients: false);
        var expected = loss.Function(inputs).item<double>();
        (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
        Assert.Equal(expected, loss.Function(inputs).item<double>(), 1e-11);
    }

    [Theory]
    [InlineData(128, 5.541)]
    [InlineData(256, 6.236)]
    [InlineData(512, 6.930)]
    public void Rows_that_are_all_equal_lose_the_chance_level(int batch, double expected)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var same = full([batch, 4], 0.5, ScalarType.Float32);
        Assert.Equal(expected, NtXent.Loss(same, same, 0.01).item<float>(), 1e-3);
        Assert.Equal(expected, NtXent.ChanceLevel(batch), 1e-3);
        Assert.Equal(Math.Log((2 * batch) - 2), DecoupledContrast.Loss(same, same, 0.01).item<float>(), 1e-3);
        Assert.Equal(Math.Log((2 * batch) - 2), DecoupledContrast.Loss(same, same, 0.01, 0.5).item<float>(), 1e-3);
        Assert.Equal(Math.Log(batch), InBatchInfoNce.Loss(same, same, 0.01).item<float>(), 1e-3);
        Assert.Equal(Math.Log(batch - 1), SupervisedContrast.Loss(same, new long[batch], 0.01).item<float>(), 1e-3);
        Assert.Equal(-1, NegativeCosine.Loss(same, same).item<float>(), 1e-6);
    }

    [Theory]
    [InlineData(3000, 8.006)]
    [InlineData(512, 6.238)]
    public void Uniform_scores_lose_the_logarithm_of_the_prototypes(int prototypes, double expected)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var codes = Sinkhorn.Assign(Numbers.Of([4, prototypes], 3, ScalarType.Float32), 0.05, 3);
        Assert.Equal(expected, SwappedPrediction.Loss(zeros([4, prototypes]), codes, 0.1).item<float>(), 1e-3);
        var targets = SelfDistillation.Targets(Numbers.Of([4, prototypes], 5, ScalarType.Float32), zeros([prototypes]), 0.04);
        Assert.Equal(expected, SelfDistillation.Loss(ones([4, prototypes]), targets, 0.1).item<float>(), 1e-3);
    }

    [Fact]
    public void Collapsed_rows_have_a_hinge_of_99_hundredths_and_no_correlation()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var same = full([6, 4], 0.3, ScalarType.Float64).requires_grad_();
        var loss = VicReg.Loss(same, same);
        loss.backward();
        Assert.Equal(25 * 0.99, loss.item<double>(), 1e-9);
        Assert.Equal(4, BarlowTwins.Loss(same, same).item<double>(), 1e-9);
        Assert.All(Numbers.From(same.grad!), slope => Assert.True(double.IsFinite(slope)));
    }

    [Fact]
    public void Codes_equal_the_papers_loop_and_carry_no_gradient()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var scores = tensor(File.Double("sinkhorn.scores"), File.Shape("sinkhorn.scores")).requires_grad_();
        var codes = Sinkhorn.Assign(scores, 0.05, 3);
        Assert.False(codes.requires_grad);
        Close.All(File.Double("sinkhorn.3"), Numbers.From(codes), 1e-12);
        Close.All(File.Double("sinkhorn.1"), Numbers.From(Sinkhorn.Assign(scores, 0.3, 1)), 1e-12);
        Close.All(File.Double("sinkhorn.3"), Numbers.From(Sinkhorn.Assign(scores.to_type(ScalarType.Float32), 0.05, 3)), 1e-5);
    }

    [Fact]
    public void Codes_share_out_evenly_where_plain_exponentials_would_overflow()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var scores = Numbers.Of([12, 4], 9, ScalarType.Float32);
        Close.All([.. Enumerable.Repeat(1.0, 12)], Numbers.From(Sinkhorn.Assign(scores, 0.001, 3).sum(1)), 1e-5);
        Close.All([3.0, 3, 3, 3], Numbers.From(Sinkhorn.Assign(scores, 0.05, 300).sum(0L)), 1e-3);
        Close.All([0.25, 0.25, 0.25, 0.25], Numbers.From(Sinkhorn.Assign(scores.narrow(0, 0, 1), 0.05, 3)), 1e-6);
    }

    [Fact]
    public void Targets_are_centred_and_sharpened_without_gradient()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var teacher = tensor(File.Double("dino.teacher"), File.Shape("dino.teacher")).requires_grad_();
        var centre = tensor(File.Double("dino.centre"), File.Shape("dino.centre"));
        foreach (var shape in new long[][] { [1, 7], [7] })
        {
            var targets = SelfDistillation.Targets(teacher, centre.view(shape), 0.04);
            Assert.False(targets.requires_grad);
            Close.All(File.Double("dino.targets"), Numbers.From(targets), 1e-12);
        }

        Assert.Contains("centre", Assert.Throws<ArgumentException>(() => SelfDistillation.Targets(teacher, zeros([6]), 0.04)).Message);
    }

    [Fact]
    public void Labels_of_two_views_make_the_supervised_loss_NT_Xent()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var inputs = LossCheck.Inputs(File, "nt-xent 0.5", Cases["nt-xent 0.5"], ScalarType.Float64);
        var supervised = SupervisedContrast.Loss(cat(inputs), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], 0.5);
        Assert.Equal(File.Double("nt-xent 0.5.value")[0], supervised.item<double>(), 1e-12);
    }

    [Fact]
    public void Workers_with_gathered_keys_have_the_loss_of_one()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queries = tensor(File.Double("in-batch 0.5.queries"), File.Shape("in-batch 0.5.queries")).narrow(0, 0, 4);
        var keys = tensor(File.Double("in-batch 0.5.keys"), File.Shape("in-batch 0.5.keys")).narrow(0, 0, 4);
        var whole = InBatchInfoNce.Loss(queries, keys, 0.2).item<double>();
        var one = InBatchInfoNce.Loss(queries.narrow(0, 0, 2), keys, 0.2).item<double>();
        var two = InBatchInfoNce.Loss(queries.narrow(0, 2, 2), keys.roll(-2, 0), 0.2).item<double>();
        Assert.Equal(whole, (one + two) / 2, 1e-12);
    }

    [Fact]
    public void A_fixed_temperature_and_bias_give_the_learnt_ones_loss()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var inputs = LossCheck.Inputs(File, "siglip", Cases["siglip"], ScalarType.Float64);
        Assert.Equal(File.Double("siglip.value")[0], PairwiseSigmoid.Loss(inputs[0], inputs[1]).item<double>(), 1e-11);
        Assert.Equal(File.Double("siglip cold.value")[0], PairwiseSigmoid.Loss(inputs[0], inputs[1], 1.0 / 30, 2).item<double>(), 1e-11);
        var cold = PairwiseSigmoid.Loss(inputs[0], inputs[0], 0.01, 0).item<double>();
        Assert.True(double.IsFinite(cold) && cold > 0);
    }

    [Fact]
    public void A_single_image_gives_a_defined_result_or_a_named_error()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var one = tensor(new double[] { 0.6, 0.8 }, [1, 2]).requires_grad_();
        var other = tensor(new double[] { 0.8, 0.6 }, [1, 2]);
        var loss = NtXent.Loss(one, other, 0.01).add(InBatchInfoNce.Loss(one, other, 0.01));
        loss.backward();
        Assert.Equal(0, loss.item<double>(), 1e-12);
        Close.All([0.0, 0], Numbers.From(one.grad!), 1e-10);
        Assert.Equal(-0.96, NegativeCosine.Loss(one, other).item<double>(), 1e-12);
        Action[] lonely = [() => DecoupledContrast.Loss(one, other, 0.1), () => VicReg.Loss(one, other), () => BarlowTwins.Loss(one, other)];
        Assert.All(lonely, call => Assert.Contains("first are [1, 2]; expected [N, D] with N of at least 2", Assert.Throws<ArgumentException>(call).Message));
        Assert.Contains("No two of the 2 rows", Assert.Throws<ArgumentException>(() => SupervisedContrast.Loss(zeros([2, 2]), [1, 2], 0.1)).Message);
    }

    [Fact]
    public void A_row_without_direction_has_no_gradient()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var predictions = tensor(new double[] { 0, 0, 3, 4 }, [2, 2]).requires_grad_();
        var loss = NegativeCosine.Loss(predictions, tensor(new double[] { 1, 0, 1, 0 }, [2, 2]));
        loss.backward();
        Assert.Equal(-0.3, loss.item<double>(), 1e-12);
        Close.All([0, 0, -0.5 * 0.128, 0.5 * 0.096], Numbers.From(predictions.grad!), 1e-12);
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        Tensor a = zeros([2, 3]), b = zeros([2, 4]), none = zeros([0, 3]), flat = zeros([3]);
        Action[] unlike =
        [
            () => NtXent.Loss(a, b, 0.1), () => DecoupledContrast.Loss(a, b, 0.1), () => NegativeCosine.Loss(a, b), () => VicReg.Loss(a, b),
            () => BarlowTwins.Loss(a, b), () => SwappedPrediction.Loss(a, b, 0.1), () => SelfDistillation.Loss(a, b, 0.1),
            () => PairwiseSigmoid.Loss(a, b), () => InBatchInfoNce.Loss(a, b, 0.1),
        ];
        Assert.All(unlike, call => Assert.Contains("[2, 4]", Assert.Throws<ArgumentException>(call).Message));
        Assert.Contains("[3]", Assert.Throws<ArgumentException>(() => NtXent.Loss(flat, flat, 0.1)).Message);
        Assert.Contains("[0, 3]", Assert.Throws<ArgumentException>(() => NtXent.Loss(none, none, 0.1)).Message);
        Assert.Contains("3 labels; expected 2", Assert.Throws<ArgumentException>(() => SupervisedContrast.Loss(a, [1, 1, 1], 0.1)).Message);
        Assert.Contains("expected a single number", Assert.Throws<ArgumentException>(() => PairwiseSigmoid.Loss(a, a, flat, flat)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => NtXent.Loss(a, a, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => DecoupledContrast.Loss(a, a, 0.1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sinkhorn.Assign(a, 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sinkhorn.Assign(a, 0.05, 0));
    }

    /// <summary>An orthogonal matrix: the reflection along (1, 2, …, D).</summary>
    private static Tensor Mirror(long width)
    {
        using var scope = NewDisposeScope();
        var axis = arange(1, width + 1, dtype: ScalarType.Float64);
        return eye(width, dtype: ScalarType.Float64).sub(axis.outer(axis).mul(2).div(axis.dot(axis))).MoveToOuterDisposeScope();
    }

    private static LossCase Pair(Func<Tensor, Tensor, Tensor> loss, double tolerance = 1e-5) =>
        new(["first", "second"], x => loss(x[0], x[1]), tolerance);
}
