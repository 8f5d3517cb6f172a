using System.Runtime.CompilerServices;

namespace OrleansContrastive.Data.Sampling;

/// <summary>
/// The counter-based generator Philox 4x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011). A pure function of key and counter: no state, the same on every machine, safe from any thread.
/// </summary>
public static class Philox4x32
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Computes one block of 128 random bits.</summary>
    /// <param name="key">The key; its low half is the paper's first key word.</param>
    /// <param name="c0">The first word of the counter.</param>
    /// <param name="c1">The second word of the counter.</param>
    /// <param name="c2">The third word of the counter.</param>
    /// <param name="c3">The fourth word of the counter.</param>
    /// <param name="four">Receives the four words; at least four long.</param>
    /// <exception cref="ArgumentException"><paramref name="four"/> is shorter than four.</exception>
    public static void Block(ulong key, uint c0, uint c1, uint c2, uint c3, Span<uint> four)
    {
        if (four.Length < 4)
            throw new ArgumentException($"A Philox block needs room for 4 words, found {four.Length}.", nameof(four));

        Rounds(key, ref c0, ref c1, ref c2, ref c3);
        four[0] = c0;
        four[1] = c1;
        four[2] = c2;
        four[3] = c3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Rounds(ulong key, ref uint c0, ref uint c1, ref uint c2, ref uint c3)
    {
        var k0 = (uint)key;
        var k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            var product0 = (ulong)Multiplier0 * c0;
            var product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }
    }
}
