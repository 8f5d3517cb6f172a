namespace OrleansContrastive.Learning.Encoders;

/// <summary>The tensors of a model that one parameter shard holds, and how they lie in its flat bytes (little-endian).</summary>
public sealed class ShardLayout
{
    internal ShardLayout(
        int shard, IReadOnlyList<TensorSlot> parameters, IReadOnlyList<TensorSlot> moments, int elementSize)
    {
        Shard = shard;
        Parameters = parameters;
        Moments = moments;
        ElementSize = elementSize;
        ParameterCount = parameters.Sum(p => (long)p.Length);
        MomentCount = moments.Sum(m => (long)m.Length);
    }

    /// <summary>The number of the shard, from 0.</summary>
    public int Shard { get; }

    /// <summary>Whole tensors, in the order of the model.</summary>
    public IReadOnlyList<TensorSlot> Parameters { get; }

    /// <summary>The running mean and variance of every batch norm (shard 0) or nothing (other shards).</summary>
    public IReadOnlyList<TensorSlot> Moments { get; }

    /// <summary>The numbers of all parameters.</summary>
    public long ParameterCount { get; }

    /// <summary>The numbers of all moments.</summary>
    public long MomentCount { get; }

    /// <summary>The bytes of a number: 4, or 8 in fp64.</summary>
    public int ElementSize { get; }

    /// <summary>The bytes of all parameters, and of their gradients.</summary>
    public int ParameterBytes => checked((int)(ParameterCount * ElementSize));

    /// <summary>The bytes of all moments.</summary>
    public int MomentBytes => checked((int)(MomentCount * ElementSize));
}
