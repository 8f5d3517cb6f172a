using System.Runtime.CompilerServices;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// The taps of an antialiased bilinear resize along one axis, as in torchvision: a triangle as wide as two source pixels,
/// or, when shrinking, as two pixels of the result; cut at the border and normalised. Reused; grows and never shrinks.
/// </summary>
internal sealed class ResampleWeights
{
    private int[] _starts = [];
    private float[] _weights = [];

    /// <summary>Source positions that each result is made of.</summary>
    public int Taps { get; private set; }

    /// <summary>For each result, the first source position; it and the next <see cref="Taps"/> − 1 lie in the source.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary><c>[Count, Taps]</c>: the weight of each source position; unused ones are 0.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Count * Taps);

    /// <summary>The number of results.</summary>
    public int Count { get; private set; }

    /// <summary>Computes the taps of results <c>offset … offset + count − 1</c> of a resize.</summary>
    /// <param name="source">The length of the source.</param>
    /// <param name="target">The length of the whole result.</param>
    /// <param name="offset">The first result that is wanted.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="reversed">Whether they are wanted from the last to the first.</param>
    /// <param name="gain">What all weights are multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(int source, int target, int offset, int count, bool reversed, double gain)
    {
        var scale = (double)source / target;
        var support = Math.Max(scale, 1);
        var slope = 1 / support;
        Taps = Math.Min(source, (int)Math.Ceiling(2 * support));
        Count = count;
        if (_starts.Length < count) _starts = new int[count];
        if (_weights.Length < count * Taps) _weights = new float[count * Taps];

        for (var i = 0; i < count; i++)
        {
            var center = scale * (offset + (reversed ? count - 1 - i : i) + 0.5);
            var first = Math.Max((int)(center - support + 0.5), 0);
            var last = Math.Min((int)(center + support + 0.5), source);

            // Near the far border the window is moved inward, so that all taps lie in the source; the new ones weigh 0.
            var start = Math.Min(first, source - Taps);
            _starts[i] = start;
            var weights = _weights.AsSpan(i * Taps, Taps);
            double total = 0;
            for (var tap = 0; tap < weights.Length; tap++)
            {
                var position = start + tap;
                var weight = position < first || position >= last
                    ? 0
                    : Math.Max(0, 1 - (Math.Abs(position - center + 0.5) * slope));
                weights[tap] = (float)weight;
                total += weight;
            }

            var norm = (float)(gain / total);
            for (var tap = 0; tap < weights.Length; tap++) weights[tap] *= norm;
        }
    }
}
