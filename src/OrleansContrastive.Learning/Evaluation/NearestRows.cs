namespace OrleansContrastive.Learning.Evaluation;

/// <summary>Keeps the k most similar rows of one query while similarities stream by; ties go to the lower row.</summary>
/// <remarks>Candidates above the k-th best so far collect in a buffer, which is cut back to k when it is full: most
/// similarities cost one comparison.</remarks>
internal struct NearestRows
{
    private readonly ulong[] _keys;
    private readonly int _wanted;
    private int _count;
    private float _threshold;

    internal NearestRows(int wanted)
    {
        _wanted = wanted;
        _keys = new ulong[2 * wanted + 64];
        _threshold = float.NegativeInfinity;
    }

    /// <summary>Offers the similarities of consecutive rows, in ascending order of rows.</summary>
    internal void Offer(ReadOnlySpan<float> similarities, int firstRow)
    {
        for (var i = 0; i < similarities.Length; i++)
        {
            var next = Candidates.IndexAbove(similarities[i..], _threshold);
            if (next < 0)
            {
                return;
            }

            i += next;
            _keys[_count++] = Key(similarities[i], firstRow + i);
            if (_count == _keys.Length)
            {
                Cut();
            }
        }
    }

    /// <summary>The best rows, most similar first.</summary>
    internal ReadOnlySpan<ulong> Best()
    {
        Cut();
        return _keys.AsSpan(0, _count);
    }

    internal static float Similarity(ulong key)
    {
        var ordered = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ordered & 0x80000000) != 0 ? ordered & 0x7FFFFFFF : ~ordered);
    }

    internal static int Row(ulong key) => (int)(uint)key;

    // Ascending keys are descending similarities, then ascending rows.
    internal static ulong Key(float similarity, int row)
    {
        var bits = BitConverter.SingleToUInt32Bits(similarity);
        var ordered = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)~ordered << 32) | (uint)row;
    }

    private void Cut()
    {
        _keys.AsSpan(0, _count).Sort();
        if (_count >= _wanted)
        {
            _count = _wanted;
            _threshold = Similarity(_keys[_wanted - 1]);
        }
    }
}
