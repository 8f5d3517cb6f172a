using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>Random directions, uniform on the sphere: normalised Gaussian draws.</summary>
internal static class UnitRow
{
    internal static void Draw(ulong seed, uint purpose, long row, Span<double> values)
    {
        var stream = new RandomStream(seed, purpose, (ulong)row, 0);
        var square = 0.0;
        for (var i = 0; i < values.Length; i += 2)
        {
            var (first, second) = stream.NextGaussians();
            values[i] = first;
            square += first * first;
            if (i + 1 < values.Length)
            {
                values[i + 1] = second;
                square += second * second;
            }
        }

        var scale = 1.0 / Math.Sqrt(square);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= scale;
        }
    }

    /// <summary>Reads a row of either element type.</summary>
    internal static void Load(ReadOnlySpan<byte> row, torch.ScalarType type, Span<double> values)
    {
        if (type == torch.ScalarType.Float64)
        {
            MemoryMarshal.Cast<byte, double>(row).CopyTo(values);
            return;
        }

        var floats = MemoryMarshal.Cast<byte, float>(row);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = floats[i];
        }
    }

    internal static void Store(ReadOnlySpan<double> values, torch.ScalarType type, Span<byte> row)
    {
        if (type == torch.ScalarType.Float64)
        {
            MemoryMarshal.AsBytes(values).CopyTo(row);
            return;
        }

        var floats = MemoryMarshal.Cast<byte, float>(row);
        for (var i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)values[i];
        }
    }
}
