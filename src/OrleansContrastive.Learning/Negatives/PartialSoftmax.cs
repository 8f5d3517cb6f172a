using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>One shard's part of the softmax of B queries over all negatives: per query the count of its rows, the largest
/// logit, the sum of exponentials relative to it, and the exponential-weighted sum of the rows.</summary>
/// <remarks>
/// Parts merge as a streaming softmax (Milakov and Gimelshein 2018), so the size of the answer, B x (D + 3) numbers, does not
/// depend on how many negatives a shard holds. A part without rows is (0, −∞, 0, 0). Immutable and thread-safe.
/// </remarks>
public sealed class PartialSoftmax
{
    internal const int Header = 3;
    private readonly double[] _values;

    internal PartialSoftmax(int queries, int width, double[] values)
    {
        RowColumns.RequireLength("A partial softmax", values.Length, (long)queries * (width + Header));
        (Queries, Width, _values) = (queries, width, values);
    }

    /// <summary>Number of queries, B.</summary>
    public int Queries { get; }

    /// <summary>Elements of a row, D.</summary>
    public int Width { get; }

    /// <summary>Rows that count for a query: those not masked.</summary>
    public double Count(int query) => At(query)[0];

    /// <summary>Largest logit s/T of a query; −∞ where no row counts.</summary>
    public double Maximum(int query) => At(query)[1];

    /// <summary>Σ exp(s/T − maximum).</summary>
    public double Sum(int query) => At(query)[2];

    /// <summary>Σ exp(s/T − maximum)·row, D elements.</summary>
    public ReadOnlySpan<double> Weighted(int query) => At(query)[Header..];

    /// <summary>Writes one query's part, from whatever shift its exponentials were taken to the true maximum.</summary>
    internal static void Write<T>(
        Span<double> values, double count, double maximum, double shift, double sum, ReadOnlySpan<T> weighted)
        where T : INumberBase<T>
    {
        if (count == 0)
        {
            values.Clear();
            values[1] = double.NegativeInfinity;
            return;
        }

        var scale = Math.Exp(shift - maximum);
        (values[0], values[1], values[2]) = (count, maximum, sum * scale);
        for (var d = 0; d < weighted.Length; d++)
        {
            values[Header + d] = double.CreateChecked(weighted[d]) * scale;
        }
    }

    /// <summary>A part over no rows.</summary>
    public static PartialSoftmax Empty(int queries, int width) => new(queries, width, EmptyValues(queries, width));

    internal static double[] EmptyValues(int queries, int width)
    {
        var values = new double[queries * (width + Header)];
        for (var query = 0; query < queries; query++)
        {
            values[query * (width + Header) + 1] = double.NegativeInfinity;
        }

        return values;
    }

    /// <summary>Copies one query's part.</summary>
    internal void CopyQuery(int query, Span<double> values) => At(query).CopyTo(values);

    /// <summary>Merges the parts of all shards, in index order, so the sum does not depend on arrival.</summary>
    /// <exception cref="ArgumentException">There are no parts, or they differ in shape.</exception>
    public static PartialSoftmax Merge(params IReadOnlyList<PartialSoftmax> parts)
    {
        if (parts.Count == 0)
        {
            throw new ArgumentException("There are no partial softmaxes to merge.", nameof(parts));
        }

        var (queries, width) = (parts[0].Queries, parts[0].Width);
        if (parts.FirstOrDefault(part => part.Queries != queries || part.Width != width) is { } other)
        {
            throw new ArgumentException(
                $"A partial softmax is {other.Queries} x {other.Width}; expected {queries} x {width}.", nameof(parts));
        }

        if (parts.Count == 1)
        {
            return parts[0];
        }

        var merged = Empty(queries, width);
        for (var query = 0; query < queries; query++)
        {
            MergeQuery(parts, query, merged._values.AsSpan(query * (width + Header), width + Header));
        }

        return merged;
    }

    /// <summary>Puts the parts of several groups of queries under one another.</summary>
    /// <exception cref="ArgumentException">They differ in width.</exception>
    public static PartialSoftmax Stack(IReadOnlyList<PartialSoftmax> groups)
    {
        if (groups.FirstOrDefault(group => group.Width != groups[0].Width) is { } other)
            throw new ArgumentException($"A partial softmax is {other.Width} wide; expected {groups[0].Width}.", nameof(groups));
        return new(groups.Sum(group => group.Queries), groups[0].Width, [.. groups.SelectMany(group => group._values)]);
    }

    /// <summary>Wire form: [B, D + 3] little-endian, per query (count, maximum, sum, weighted row).</summary>
    /// <param name="elementType">Float32 or Float64.</param>
    public byte[] ToBytes(torch.ScalarType elementType)
    {
        if (elementType == torch.ScalarType.Float64)
        {
            return MemoryMarshal.AsBytes(_values.AsSpan()).ToArray();
        }

        var bytes = new byte[_values.Length * ElementSize.Of(elementType)];
        var floats = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        for (var i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)_values[i];
        }

        return bytes;
    }

    /// <summary>Reads the wire form.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote.</param>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="queries">B.</param>
    /// <param name="width">D.</param>
    /// <exception cref="ArgumentException">The length does not fit the shape.</exception>
    public static PartialSoftmax FromBytes(
        ReadOnlySpan<byte> bytes, torch.ScalarType elementType, int queries, int width)
    {
        var count = queries * (width + Header);
        RowColumns.RequireLength("A partial softmax", bytes.Length, (long)count * ElementSize.Of(elementType));
        var values = new double[count];
        if (elementType == torch.ScalarType.Float64)
        {
            MemoryMarshal.Cast<byte, double>(bytes).CopyTo(values);
        }
        else
        {
            var floats = MemoryMarshal.Cast<byte, float>(bytes);
            for (var i = 0; i < count; i++)
            {
                values[i] = floats[i];
            }
        }

        return new(queries, width, values);
    }

    private static void MergeQuery(IReadOnlyList<PartialSoftmax> parts, int query, Span<double> merged)
    {
        var maximum = double.NegativeInfinity;
        foreach (var part in parts)
        {
            if (part.Count(query) > 0)
            {
                maximum = Math.Max(maximum, part.Maximum(query));
            }
        }

        merged[1] = maximum;
        foreach (var part in parts)
        {
            if (part.Count(query) > 0)
            {
                var scale = Math.Exp(part.Maximum(query) - maximum);
                var values = part.At(query);
                merged[0] += values[0];
                for (var i = 2; i < merged.Length; i++)
                {
                    merged[i] += scale * values[i];
                }
            }
        }
    }

    private ReadOnlySpan<double> At(int query) => _values.AsSpan(query * (Width + Header), Width + Header);
}
