using System.Numerics;

namespace OrleansContrastive.Data.Sampling;

/// <summary>
/// The seeded order of the samples in one epoch: a bijection of [0, count) that is computed by index and holds no array,
/// so that any node finds any part of the epoch by itself. A Feistel network over the next power of two, walked until it
/// lands inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). Immutable; safe from any thread.
/// </summary>
public sealed class EpochOrder
{
    // Luby and Rackoff ask for four rounds; small and uneven halves want more.
    private const int Rounds = 8;

    // Small networks reach few permutations, so short orders walk in a larger domain.
    private const int LeastBits = 6;

    private readonly ulong _key;
    private readonly int _leftBits;
    private readonly int _rightBits;

    /// <summary>Prepares the order of one epoch.</summary>
    /// <param name="count">The number of samples, at least 0.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> or <paramref name="epoch"/> is negative.</exception>
    public EpochOrder(long count, ulong seed, int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        Count = count;
        var bits = count <= 1 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)(count - 1));
        bits = Math.Max(bits, LeastBits);
        _rightBits = bits / 2;
        _leftBits = bits - _rightBits;
        _key = new PhiloxStream(seed, PhiloxPurpose.EpochOrder, (ulong)epoch, 0).NextUInt64();
    }

    /// <summary>The number of samples.</summary>
    public long Count { get; }

    /// <summary>The sample that stands at a position of the epoch.</summary>
    /// <param name="position">The position, in [0, <see cref="Count"/>).</param>
    /// <returns>A sample id in [0, <see cref="Count"/>), another one for every position.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The position lies outside the epoch.</exception>
    public long this[long position]
    {
        get
        {
            if ((ulong)position >= (ulong)Count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(position), position, $"A position of this epoch lies in [0, {Count}).");
            }

            // The walk follows the cycle that the position lies on, so it comes back into the range at the latest there.
            var value = (ulong)position;
            do value = Permute(value);
            while (value >= (ulong)Count);
            return (long)value;
        }
    }

    private ulong Permute(ulong value)
    {
        var rightBits = _rightBits;
        var leftBits = _leftBits;
        var right = value & ((1UL << rightBits) - 1);
        var left = value >> rightBits;
        for (uint round = 0; round < Rounds; round++)
        {
            uint c0 = (uint)right, c1 = (uint)(right >> 32), c2 = round, c3 = (uint)leftBits;
            Philox4x32.Rounds(_key, ref c0, ref c1, ref c2, ref c3);
            var mixed = left ^ ((c0 | ((ulong)c1 << 32)) & ((1UL << leftBits) - 1));
            (left, right) = (right, mixed);
            (leftBits, rightBits) = (rightBits, leftBits);
        }

        // An even number of rounds brings the halves back to their own widths.
        return (left << _rightBits) | right;
    }
}
