using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>The encoded queries of one direction, with the graph that leads back into the network.</summary>
/// <remarks>Outlives dispose scopes, so the negatives may be fetched between two jobs of the executor; both jobs run on the
/// same thread. The network's weights must not change while a pass is alive.</remarks>
public sealed class QueryPass : IDisposable
{
    internal QueryPass(Tensor queries, long[] sampleIds)
    {
        Queries = queries;
        Ids = sampleIds;
    }

    /// <summary>[B, D] unit rows, float32 or float64, part of the autograd graph.</summary>
    public Tensor Queries { get; }

    /// <summary>Sample of each query; empty where own samples are not masked.</summary>
    public IReadOnlyList<long> SampleIds => Ids;

    internal long[] Ids { get; }

    /// <summary>The queries as [B, D] little-endian bytes, to be contrasted at the shards.</summary>
    public byte[] ReadQueries()
    {
        using var scope = NewDisposeScope();
        return Queries.detach().cpu().contiguous().bytes.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => Queries.Dispose();

    /// <summary>Sends the gradient with respect to the queries back into the network's <c>grad</c> buffers, to which it is
    /// added.</summary>
    internal void Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var withGrad = enable_grad();
        // A scalar whose gradient with respect to the queries is just the one at hand.
        Queries.mul(gradient.detach()).sum().backward();
    }

    internal static double[] ReadDoubles(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return MemoryMarshal.Cast<byte, double>(
            rows.detach().to_type(ScalarType.Float64).cpu().contiguous().bytes).ToArray();
    }
}
