using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Loops over rows of channels in whole vectors, whatever the number of channels: rows are taken in groups whose length
/// is a multiple of a vector, and channel-wise operands are as long as a group. Sums run in the element type over short
/// blocks and in double across them. Parts of the rows go to threads; their sums merge in row order.
/// </summary>
internal static unsafe class VectorPass<T, TStorage>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TStorage : struct, IStorage<T>
{
    private const int VectorsInGroup = 4;
    private const int GroupsInBlock = 128;

    // Elements below which a second thread costs more than it brings.
    private const long SmallestPart = 1 << 15;

    private static int V => Vector<T>.Count;

    /// <summary>The length of a group: the least common multiple of the channels and a few vectors.</summary>
    public static int GroupLength(int channels)
    {
        var whole = VectorsInGroup * V;
        return channels / (int)BigInteger.GreatestCommonDivisor(channels, whole) * whole;
    }

    /// <summary>Writes <typeparamref name="TMap"/> of every element to the output.</summary>
    public static void Map<TMap>(Operands<T> operands, long rows, int channels, int threads) where TMap : struct, IMap<T, TStorage>
    {
        var length = GroupLength(channels);
        var groups = rows * channels / length;
        var parts = Parts(rows, channels, threads);
        if (parts == 1)
        {
            MapGroups<TMap>(operands, 0, groups, length);
        }
        else
        {
            Parallel.For(0, parts, part =>
                MapGroups<TMap>(operands, groups * part / parts, groups * (part + 1) / parts, length));
        }

        // The rows that fill no group go through buffers of one vector.
        var buffers = new Rest(stackalloc byte[4 * V * TStorage.Size]);
        for (var at = groups * length; at < rows * channels; at += V)
        {
            var buffered = buffers.Load(operands, at, rows * channels);
            TStorage.Store(TMap.At(buffered, 0, (int)(at - groups * length)), buffered.Output, 0);
            buffers.StoreOutput(operands, at);
        }
    }

    /// <summary>The sums of both values of <typeparamref name="TSum"/> for every channel: all firsts, then all seconds.</summary>
    public static double[] Sum<TSum>(Operands<T> operands, long rows, int channels, int threads) where TSum : struct, ISum<T, TStorage>
    {
        var length = GroupLength(channels);
        var groups = rows * channels / length;
        var parts = Parts(rows, channels, threads);
        var partial = new double[parts][];
        if (parts == 1)
        {
            partial[0] = SumGroups<TSum>(operands, 0, groups, length);
        }
        else
        {
            Parallel.For(0, parts, part => partial[part] =
                SumGroups<TSum>(operands, groups * part / parts, groups * (part + 1) / parts, length));
        }

        var sums = new double[2 * channels];
        foreach (var part in partial)
        {
            for (var i = 0; i < length; i++)
            {
                sums[i % channels] += part[i];
                sums[channels + i % channels] += part[length + i];
            }
        }

        var buffers = new Rest(stackalloc byte[4 * V * TStorage.Size]);
        for (var at = groups * length; at < rows * channels; at += V)
        {
            var buffered = buffers.Load(operands, at, rows * channels);
            TSum.At(buffered, 0, (int)(at - groups * length), out var first, out var second);
            for (var i = 0; i < buffers.Count; i++)
            {
                var channel = (int)((at + i) % channels);
                sums[channel] += double.CreateTruncating(first[i]);
                sums[channels + channel] += double.CreateTruncating(second[i]);
            }

            if (operands.Output is not null) buffers.StoreOutput(operands, at);
        }

        return sums;
    }

    private static int Parts(long rows, int channels, int threads) =>
        (int)Math.Clamp(rows * channels / SmallestPart, 1, threads);

    private static void MapGroups<TMap>(Operands<T> operands, long first, long last, int length)
        where TMap : struct, IMap<T, TStorage>
    {
        for (var start = first * length; start < last * length; start += length)
        {
            for (var c = 0; c < length; c += V) TStorage.Store(TMap.At(operands, start + c, c), operands.Output, start + c);
        }
    }

    private static double[] SumGroups<TSum>(Operands<T> operands, long first, long last, int length)
        where TSum : struct, ISum<T, TStorage>
    {
        var sums = new double[2 * length];
        for (var block = first; block < last; block += GroupsInBlock)
        {
            var end = Math.Min(block + GroupsInBlock, last);
            for (var c = 0; c < length; c += 2 * V) SumTwoColumns<TSum>(operands, block, end, length, c, sums);
        }

        return sums;
    }

    // Two vectors of two sums each: four chains hide the latency of addition.
    private static void SumTwoColumns<TSum>(
        Operands<T> operands, long block, long end, int length, int c, double[] sums) where TSum : struct, ISum<T, TStorage>
    {
        Vector<T> left = default, right = default, leftSecond = default, rightSecond = default;
        for (var at = block * length + c; at < end * length; at += length)
        {
            TSum.At(operands, at, c, out var first, out var second);
            left += first;
            leftSecond += second;
            TSum.At(operands, at + V, c + V, out first, out second);
            right += first;
            rightSecond += second;
        }

        for (var i = 0; i < V; i++)
        {
            sums[c + i] += double.CreateTruncating(left[i]);
            sums[c + V + i] += double.CreateTruncating(right[i]);
            sums[length + c + i] += double.CreateTruncating(leftSecond[i]);
            sums[length + c + V + i] += double.CreateTruncating(rightSecond[i]);
        }
    }

    private ref struct Rest(Span<byte> buffers)
    {
        private readonly Span<byte> _buffers = buffers;

        public int Count { get; private set; }

        public Operands<T> Load(in Operands<T> operands, long at, long end)
        {
            Count = (int)Math.Min(V, end - at);
            var buffered = operands;
            buffered.X = Fill(0, operands.X, at);
            buffered.Other = Fill(1, operands.Other, at);
            buffered.Mask = Fill(2, operands.Mask, at);
            buffered.Output = Fill(3, null, 0);
            return buffered;
        }

        public readonly void StoreOutput(in Operands<T> operands, long at) =>
            _buffers.Slice(3 * V * TStorage.Size, Count * TStorage.Size).CopyTo(Elements(operands.Output, at));

        private readonly Span<byte> Elements(byte* memory, long at) => new(memory + at * TStorage.Size, Count * TStorage.Size);

        // The buffers lie on the stack of the caller, so they do not move.
        private readonly byte* Fill(int index, byte* source, long at)
        {
            var buffer = _buffers.Slice(index * V * TStorage.Size, V * TStorage.Size);
            if (source is not null) Elements(source, at).CopyTo(buffer);
            return (byte*)Unsafe.AsPointer(ref buffer[0]);
        }
    }
}

/// <summary>
/// What a pass reads and writes: tensors in their storage, and channel-wise constants as long as a group of rows.
/// </summary>
internal unsafe struct Operands<T> where T : unmanaged
{
    public byte* X, Other, Mask, Output;
    public T* Mean, Scale, Bias, Shift, Slope;
}

/// <summary>One output vector from the operands at element <c>at</c>, constants at <c>c</c>.</summary>
internal interface IMap<T, TStorage> where T : unmanaged where TStorage : struct, IStorage<T>
{
    static abstract Vector<T> At(in Operands<T> operands, long at, int c);
}

/// <summary>Two vectors to be summed, from the operands at element <c>at</c>, constants at <c>c</c>.</summary>
internal interface ISum<T, TStorage> where T : unmanaged where TStorage : struct, IStorage<T>
{
    static abstract void At(in Operands<T> operands, long at, int c, out Vector<T> first, out Vector<T> second);
}
