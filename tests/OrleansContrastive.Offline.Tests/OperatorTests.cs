using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Native;
using static TorchSharp.torch;

namespace OrleansContrastive.Offline.Tests;

/// <summary>The seam to libtorch's dispatcher: what is looked up, and what is checked before an operator runs.</summary>
public sealed class OperatorTests
{
    private static readonly Op Add = new("aten::add", "Tensor");
    private static readonly Op Conv2d = new("aten::conv2d");
    private static readonly Op Nearest = new("aten::upsample_nearest2d", "vec");
    private static readonly Op Zeros = new("aten::zeros");

    [Fact]
    public void Every_operator_that_the_binding_names_is_in_this_libtorch()
    {
        var operators = Operators();
        Assert.True(operators.Length > 200, $"only {operators.Length} operators found");
        var missing = operators.Where(o => Record.Exception(() => o.Handle) is not null).Select(o => o.Name).ToArray();
        Assert.Empty(missing);
    }

    [Fact]
    public void An_unknown_operator_is_named()
    {
        var e = Assert.Throws<ExternalException>(() => new Op("aten::no_such_thing", "Tensor").Handle);
        Assert.Contains("aten::no_such_thing.Tensor", e.Message);
    }

    [Fact]
    public void A_missing_argument_is_refused_before_the_operator_runs()
    {
        using var scope = NewDisposeScope();
        var x = ones(2);
        Assert.Contains("'other' (number 1) is missing", Assert.Throws<ExternalException>(() => Dispatch.Run(Add, x)).Message);
        Assert.Contains("at most 3", Assert.Throws<ExternalException>(() => Dispatch.Run(Add, x, x, 1L, 2L)).Message);
    }

    [Fact]
    public void An_argument_of_another_kind_is_refused_with_its_name_and_both_kinds()
    {
        using var scope = NewDisposeScope();
        var x = ones(2);
        var e = Assert.Throws<ExternalException>(() => Dispatch.Run(Add, x, "two"));
        Assert.Contains("aten::add.Tensor: argument 'other': expected a value of kind TensorType, found a string", e.Message);
        Assert.Contains("'self'", Assert.Throws<ExternalException>(() => Dispatch.Run(Add, new Tensor?[] { x }, x)).Message);
    }

    [Fact]
    public void Defaults_of_the_schema_stand_in_for_arguments_that_are_left_out()
    {
        using var scope = NewDisposeScope();
        var image = ones(1, 1, 4, 4);
        var kernel = ones(1, 1, 3, 3);
        Assert.Equal(9f, Dispatch.Run(Conv2d, image, kernel)[0, 0, 0, 0].item<float>());
    }

    [Theory]
    [InlineData(1e-12)]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void A_scale_that_no_image_has_is_refused(double scale)
    {
        using var scope = NewDisposeScope();
        var image = ones(1, 1, 4, 4);
        var e = Assert.Throws<ExternalException>(() => Dispatch.Run(Nearest, image, Arg.None, new[] { scale, 1.0 }));
        Assert.Contains("a scale from 1e-4 to 1e4", e.Message);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void An_element_type_that_there_is_not_is_refused(long type)
    {
        var e = Assert.Throws<ExternalException>(() => Dispatch.Run(Zeros, new[] { 2L }, type));
        Assert.Contains("a known element type", e.Message);
    }

    [Fact]
    public void Groups_that_would_divide_by_zero_are_refused()
    {
        using var scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => nn.functional.conv2d(ones(1, 2, 4, 4), ones(2, 2, 3, 3), groups: 0));
        Assert.Contains("'groups': expected 1 to 65536, found 0", e.Message);
    }

    /// <summary>Counts and kinds at random: the check before the call must catch what the kernel could not.</summary>
    [Fact]
    public void Any_operator_with_any_arguments_answers_or_throws()
    {
        var random = new Random(7);
        var operators = Operators();
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            using var scope = NewDisposeScope();
            var x = ones(2, 3);
            var args = new Arg[random.Next(9)];
            for (var a = 0; a < args.Length; a++)
            {
                args[a] = random.Next(11) switch
                {
                    0 => Arg.None,
                    1 => (long)random.Next(-1, 4),
                    2 => random.NextDouble(),
                    3 => random.Next(2) == 0,
                    4 => new long[] { 1, 2 },
                    5 => new double[] { 1, 0.5 },
                    6 => new Tensor?[] { x, x },
                    7 => "mean",
                    8 => torch.CPU,
                    _ => x,
                };
            }

            var op = operators[random.Next(operators.Length)];
            var e = Record.Exception(() => Dispatch.Run(op, args));
            Assert.True(e is null or ExternalException, $"{op.Name}: {e}");
            if (e is not null) refused++;
        }

        Assert.InRange(refused, 2500, 4999);
    }

    private static Op[] Operators() => typeof(Op).Assembly.GetTypes()
        .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(f => f.FieldType == typeof(Op))
        .Select(f => (Op)f.GetValue(null)!)
        .ToArray();
}
