using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Golden;

/// <summary>Tensors from patterns and golden numbers, and their comparison.</summary>
public static class Numbers
{
    /// <summary>A tensor of <see cref="Pattern"/> numbers, scaled and shifted.</summary>
    public static Tensor Of(long[] shape, ulong seed, ScalarType type, double scale = 1, double shift = 0)
    {
        using var scope = NewDisposeScope();
        var values = Pattern.Double(shape.Aggregate(1L, (a, b) => a * b), seed);
        for (var i = 0; i < values.Length; i++) values[i] = values[i] * scale + shift;
        var tensor = empty(shape, dtype: ScalarType.Float64);
        MemoryMarshal.AsBytes<double>(values).CopyTo(tensor.bytes);
        return tensor.to_type(type).MoveToOuterDisposeScope();
    }

    /// <summary>The numbers in logical order.</summary>
    public static double[] From(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var local = tensor.detach().to_type(ScalarType.Float64).contiguous();
        return MemoryMarshal.Cast<byte, double>(local.bytes).ToArray();
    }

    /// <summary>Sum, norm and up to nine numbers spread over the tensor, as <c>some</c> in make_golden.py.</summary>
    public static double[] Some(ReadOnlySpan<double> values)
    {
        double sum = 0, squares = 0;
        foreach (var value in values)
        {
            sum += value;
            squares += value * value;
        }

        var stride = Math.Max(1, values.Length / 9);
        var some = new List<double> { sum, Math.Sqrt(squares) };
        for (var i = 0; i < values.Length && some.Count < 11; i += stride) some.Add(values[i]);
        return [.. some];
    }

    /// <summary>
    /// Asserts that numbers differ by no more than <paramref name="tolerance"/> times the largest that one of them could be:
    /// the largest expected magnitude.
    /// </summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what)
    {
        Assert.True(expected.Length == actual.Length, $"{what}: {expected.Length} numbers expected, found {actual.Length}.");
        var size = 0.0;
        foreach (var value in expected) size = Math.Max(size, Math.Abs(value));
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - actual[i]);
            Assert.True(
                difference <= tolerance * size,
                $"{what}[{i}]: expected {expected[i]:R}, found {actual[i]:R}: {difference / size:0.0e+0} of the largest, allowed {tolerance:0.0e+0}.");
        }
    }
}
