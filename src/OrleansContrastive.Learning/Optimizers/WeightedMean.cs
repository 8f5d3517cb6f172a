using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Optimizers;

/// <summary>Averages the parts that several leases contributed to one version, weighted by their sample counts.</summary>
/// <remarks>Terms are added in the order given, which is the order of lease slots: the sum does not depend on arrival.
/// Thread-safe: no state.</remarks>
public static class WeightedMean
{
    /// <summary>Returns each part's share of the samples.</summary>
    /// <param name="samples">Samples behind each part, all positive.</param>
    /// <exception cref="ArgumentException">There is no part, or one has no samples.</exception>
    public static double[] Shares(ReadOnlySpan<int> samples)
    {
        long total = 0;
        foreach (var count in samples)
        {
            if (count <= 0)
            {
                throw new ArgumentException($"A gradient stands for {count} samples; expected at least 1.", nameof(samples));
            }

            total += count;
        }

        if (total == 0)
        {
            throw new ArgumentException("There is nothing to average: no parts were given.", nameof(samples));
        }

        var shares = new double[samples.Length];
        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = (double)samples[i] / total;
        }

        return shares;
    }

    /// <summary>Writes Σ share·part over one run of elements.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="parts">Flat parts in slot order, as raw elements of <typeparamref name="T"/>.</param>
    /// <param name="shares">Weight of each part.</param>
    /// <param name="offset">First element of the run.</param>
    /// <param name="mean">Receives the averages of the run.</param>
    public static void Run<T>(
        IReadOnlyList<ReadOnlyMemory<byte>> parts, ReadOnlySpan<double> shares, int offset, Span<T> mean)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var p = 0; p < parts.Count; p++)
        {
            var part = MemoryMarshal.Cast<byte, T>(parts[p].Span).Slice(offset, mean.Length);
            Accumulate(part, T.CreateChecked(shares[p]), mean, first: p == 0);
        }
    }

    private static void Accumulate<T>(ReadOnlySpan<T> part, T share, Span<T> mean, bool first)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ref var source = ref MemoryMarshal.GetReference(part);
        ref var target = ref MemoryMarshal.GetReference(mean);
        var i = 0;
        for (; i <= mean.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var term = new Vector<T>(share) * Vector.LoadUnsafe(ref source, (nuint)i);
            Vector.StoreUnsafe(first ? term : Vector.LoadUnsafe(ref target, (nuint)i) + term, ref target, (nuint)i);
        }

        for (; i < mean.Length; i++)
        {
            var term = share * part[i];
            mean[i] = first ? term : mean[i] + term;
        }
    }
}
