using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>The machine's memory bandwidth by STREAM's triad <c>a = b + s·c</c> on every processor, counted as the optimizer's is.</summary>
internal sealed class TriadRow(int elements) : Contestant
{
    private readonly float[][] _arrays = new float[3 * Environment.ProcessorCount][];

    protected override void Prepare()
    {
        for (var i = 0; i < _arrays.Length; i++)
        {
            _arrays[i] = new float[elements];
            _arrays[i].AsSpan().Fill(i);
        }

        for (var round = 0; round < 5; round++) Measure();
    }

    protected override double Measure()
    {
        var processors = Environment.ProcessorCount;
        var seconds = Seconds(() => Parallelism.Run(processors, i => Triad(_arrays[3 * i], _arrays[3 * i + 1], _arrays[3 * i + 2])));
        return processors * (double)elements * sizeof(float) * 3 / seconds / 1e9;
    }

    private static void Triad(Span<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c)
    {
        ref var to = ref MemoryMarshal.GetReference(a);
        ref var left = ref MemoryMarshal.GetReference(b);
        ref var right = ref MemoryMarshal.GetReference(c);
        var scale = new Vector<float>(3f);
        for (nuint i = 0; i + (nuint)Vector<float>.Count <= (nuint)a.Length; i += (nuint)Vector<float>.Count)
            Vector.StoreUnsafe(Vector.LoadUnsafe(ref left, i) + scale * Vector.LoadUnsafe(ref right, i), ref to, i);
    }
}
