using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Learning.Evaluation;

internal static class Candidates
{
    /// <summary>Index of the first value above the threshold, or −1.</summary>
    internal static int IndexAbove(ReadOnlySpan<float> values, float threshold)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var limit = new Vector<float>(threshold);
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            if (Vector.GreaterThanAny(Vector.LoadUnsafe(ref first, (nuint)i), limit))
            {
                break;
            }
        }

        for (; i < values.Length; i++)
        {
            if (values[i] > threshold)
            {
                return i;
            }
        }

        return -1;
    }
}
