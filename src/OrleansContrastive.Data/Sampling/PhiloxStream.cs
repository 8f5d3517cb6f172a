using System.Runtime.CompilerServices;

namespace OrleansContrastive.Data.Sampling;

/// <summary>
/// A sequence of random numbers that is a pure function of (seed, purpose, a, b): whoever asks for it, wherever and in
/// whatever order, draws the same numbers. A mutable value: copy it and both copies draw the same; not for sharing
/// between threads. Holds 2^34 words before it repeats.
/// </summary>
public struct PhiloxStream
{
    private readonly ulong _key;
    private readonly uint _salt;
    private readonly ulong _id;
    private uint _block;
    private int _used;
    private uint _word0, _word1, _word2, _word3;
    private double _spareGaussian;

    /// <summary>Opens the stream at its first number.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">One of <see cref="PhiloxPurpose"/>.</param>
    /// <param name="a">The coarser coordinate, such as an epoch; it goes into the key.</param>
    /// <param name="b">The finer coordinate, such as a sample id; it goes into the counter.</param>
    public PhiloxStream(ulong seed, uint purpose, ulong a, ulong b)
    {
        // A counter has no room for all coordinates, so one block under the seed makes the key and 32 counter bits.
        uint c0 = (uint)a, c1 = (uint)(a >> 32), c2 = purpose, c3 = 0;
        Philox4x32.Rounds(seed, ref c0, ref c1, ref c2, ref c3);
        _key = c0 | ((ulong)c1 << 32);
        _salt = c2;
        _id = b;
        _used = 4;
        _spareGaussian = double.NaN;
    }

    /// <summary>Draws 32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4) Refill();
        return _used++ switch
        {
            0 => _word0,
            1 => _word1,
            2 => _word2,
            _ => _word3,
        };
    }

    /// <summary>Draws 64 uniform bits: the low half first.</summary>
    public ulong NextUInt64()
    {
        ulong low = NextUInt32();
        return low | ((ulong)NextUInt32() << 32);
    }

    /// <summary>Draws a uniform multiple of 2^-24 in [0, 1).</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>Draws a uniform multiple of 2^-53 in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>Draws a uniform integer in [0, <paramref name="bound"/>), without bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);

        // Lemire, "Fast random integer generation in an interval" (2019): multiply, and reject the uneven rest.
        var product = (ulong)NextUInt32() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            var uneven = (0u - (uint)bound) % (uint)bound;
            while ((uint)product < uneven) product = (ulong)NextUInt32() * (uint)bound;
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws from the normal distribution of mean 0 and variance 1 (Box and Muller, 1958).</summary>
    public double NextGaussian()
    {
        if (!double.IsNaN(_spareGaussian))
        {
            var spare = _spareGaussian;
            _spareGaussian = double.NaN;
            return spare;
        }

        // 1 - u is in (0, 1], so the logarithm is finite.
        var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - NextDouble()));
        var (sine, cosine) = Math.SinCos(2.0 * Math.PI * NextDouble());
        _spareGaussian = radius * sine;
        return radius * cosine;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refill()
    {
        uint c0 = _block++, c1 = _salt, c2 = (uint)_id, c3 = (uint)(_id >> 32);
        Philox4x32.Rounds(_key, ref c0, ref c1, ref c2, ref c3);
        (_word0, _word1, _word2, _word3) = (c0, c1, c2, c3);
        _used = 0;
    }
}
