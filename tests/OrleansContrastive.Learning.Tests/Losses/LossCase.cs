using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Losses;

/// <summary>A loss with the names of its inputs in a golden file, which has its value and gradients too.</summary>
/// <param name="Inputs">In the order in which the function takes them.</param>
/// <param name="Tolerance">Of float32, relative to the largest number.</param>
public sealed record LossCase(string[] Inputs, Func<Tensor[], Tensor> Function, double Tolerance = 1e-5);

/// <summary>What is asked of every loss.</summary>
internal static class LossCheck
{
    /// <summary>Value and gradients equal the golden ones.</summary>
    public static void EqualsGolden(GoldenFile file, string name, LossCase loss, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var tolerance = type == ScalarType.Float64 ? 1e-11 : loss.Tolerance;
        var inputs = Inputs(file, name, loss, type);
        var value = Backward(loss, inputs);
        Assert.Equal(type, value.dtype);
        Assert.Empty(value.shape);
        Close.All(file.Double($"{name}.value"), Numbers.From(value), tolerance);
        for (var i = 0; i < inputs.Length; i++)
        {
            var gradient = $"{name}.{loss.Inputs[i]}.gradient";
            Assert.Equal(file.Has(gradient), inputs[i].grad is not null);
            if (inputs[i].grad is { } found)
            {
                Numbers.Close(file.Double(gradient), Numbers.From(found), tolerance, gradient);
            }
        }
    }

    /// <summary>bfloat16 inputs give what float64 gives for the same numbers, to the rounding of float32, and a bfloat16 gradient.</summary>
    public static void WidensBrainFloats(GoldenFile file, string name, LossCase loss)
    {
        using var scope = NewDisposeScope();
        var narrow = Inputs(file, name, loss, ScalarType.BFloat16);
        Tensor[] wide = [.. narrow.Select(input => input.detach().to_type(ScalarType.Float64).requires_grad_())];
        var found = Backward(loss, narrow);
        var expected = Backward(loss, wide);
        Assert.Equal(ScalarType.Float32, found.dtype);
        Close.All(Numbers.From(expected), Numbers.From(found), loss.Tolerance);
        for (var i = 0; i < narrow.Length; i++)
        {
            if (wide[i].grad is { } gradient)
            {
                Numbers.Close(Numbers.From(gradient), Numbers.From(narrow[i].grad!), 1e-2, $"{name}.{loss.Inputs[i]}");
            }
        }
    }

    /// <summary>The gradients are central differences of the value.</summary>
    public static void HasItsSlope(GoldenFile file, string name, LossCase loss)
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs(file, name, loss, ScalarType.Float64);
        _ = Backward(loss, inputs);
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].grad is not { } gradient) continue;
            var slopes = Numbers.From(gradient);
            var size = slopes.Max(Math.Abs);
            for (var at = 0; at < slopes.Length; at += 3)
            {
                var slope = (Moved(1e-6) - Moved(-1e-6)) / 2e-6;
                Assert.True(
                    Math.Abs(slope - slopes[at]) <= (1e-6 * size) + 1e-9,
                    $"{name}.{loss.Inputs[i]}[{at}]: the gradient is {slopes[at]:R}, the slope {slope:R}.");

                double Moved(double shift)
                {
                    using var inner = NewDisposeScope();
                    var moved = Inputs(file, name, loss, ScalarType.Float64, gradients: false);
                    var values = file.Double($"{name}.{loss.Inputs[i]}");
                    values[at] += shift;
                    moved[i] = tensor(values, moved[i].shape);
                    return loss.Function(moved).item<double>();
                }
            }
        }
    }

    public static Tensor[] Inputs(GoldenFile file, string name, LossCase loss, ScalarType type, bool gradients = true) =>
    [
        .. loss.Inputs.Select(input =>
            tensor(file.Double($"{name}.{input}"), file.Shape($"{name}.{input}")).to_type(type).requires_grad_(gradients)),
    ];

    private static Tensor Backward(LossCase loss, Tensor[] inputs)
    {
        var value = loss.Function(inputs);
        value.backward();
        return value;
    }
}
