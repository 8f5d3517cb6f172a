namespace OrleansContrastive.Learning.Random;

/// <summary>
/// A sequence of random numbers that is a pure function of (seed, purpose, a, b), by the counter-based generator Philox
/// 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Draws the same numbers as the streams
/// of the data side. A mutable value: a copy draws the same numbers again; not for sharing between threads.
/// </summary>
internal struct RandomStream
{
    private readonly ulong _key;
    private readonly uint _salt;
    private readonly ulong _id;
    private uint _block;
    private int _used;
    private uint _word0, _word1, _word2, _word3;

    /// <summary>Opens the stream at its first number; <paramref name="purpose"/> is one of <see cref="RandomPurpose"/>.</summary>
    public RandomStream(ulong seed, uint purpose, ulong a, ulong b)
    {
        uint c0 = (uint)a, c1 = (uint)(a >> 32), c2 = purpose, c3 = 0;
        Rounds(seed, ref c0, ref c1, ref c2, ref c3);
        _key = c0 | ((ulong)c1 << 32);
        _salt = c2;
        _id = b;
        _used = 4;
    }

    /// <summary>Draws 32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            uint c0 = _block++, c1 = _salt, c2 = (uint)_id, c3 = (uint)(_id >> 32);
            Rounds(_key, ref c0, ref c1, ref c2, ref c3);
            (_word0, _word1, _word2, _word3) = (c0, c1, c2, c3);
            _used = 0;
        }

        return _used++ switch { 0 => _word0, 1 => _word1, 2 => _word2, _ => _word3 };
    }

    /// <summary>Draws a uniform multiple of 2^-53 in [0, 1).</summary>
    public double NextDouble()
    {
        ulong low = NextUInt32();
        return ((low | ((ulong)NextUInt32() << 32)) >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>Draws a uniform integer in [0, <paramref name="bound"/>), without bias (Lemire, 2019).</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var product = (ulong)NextUInt32() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            var uneven = (0u - (uint)bound) % (uint)bound;
            while ((uint)product < uneven) product = (ulong)NextUInt32() * (uint)bound;
        }

        return (int)(product >> 32);
    }

    /// <summary>Draws two independent numbers of mean 0 and variance 1 (Box and Muller, 1958).</summary>
    public (double First, double Second) NextGaussians()
    {
        // 1 - u is in (0, 1], so the logarithm is finite.
        var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - NextDouble()));
        var (sine, cosine) = Math.SinCos(2.0 * Math.PI * NextDouble());
        return (radius * cosine, radius * sine);
    }

    internal static void Rounds(ulong key, ref uint c0, ref uint c1, ref uint c2, ref uint c3)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            var product0 = 0xD2511F53UL * c0;
            var product1 = 0xCD9E8D57UL * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
    }
}
