using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// The names, shapes and order of everything that a model exchanges: a pure function of encoder, head and options, so that
/// all nodes agree on it without asking each other. Immutable.
/// </summary>
public sealed class ModelLayout
{
    internal ModelLayout(IReadOnlyList<TensorSlot> parameters, IReadOnlyList<TensorSlot> moments, ScalarType elementType)
    {
        Parameters = parameters;
        Moments = moments;
        ElementType = elementType;
    }

    /// <summary>Every parameter, laid out as one shard.</summary>
    public IReadOnlyList<TensorSlot> Parameters { get; }

    /// <summary>The running mean and variance of every batch norm, in this order, laid out one after the other.</summary>
    public IReadOnlyList<TensorSlot> Moments { get; }

    /// <summary>fp32, or fp64 for models of that precision.</summary>
    public ScalarType ElementType { get; }

    /// <summary>
    /// Cuts the model into shards of whole tensors (LARS needs their norms) of about equal size: the largest tensor first,
    /// each to the emptiest shard. All moments are on shard 0. A shard beyond the number of tensors is empty.
    /// </summary>
    /// <param name="shards">The number of shards, at least 1.</param>
    public IReadOnlyList<ShardLayout> Split(int shards)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shards);
        var sizes = new long[shards];
        var shardOf = new int[Parameters.Count];
        foreach (var i in Enumerable.Range(0, Parameters.Count).OrderByDescending(i => Parameters[i].Length).ThenBy(i => i))
        {
            var emptiest = Array.IndexOf(sizes, sizes.Min());
            shardOf[i] = emptiest;
            sizes[emptiest] += Parameters[i].Length;
        }

        var elementSize = ElementType == ScalarType.Float64 ? sizeof(double) : sizeof(float);
        return Enumerable.Range(0, shards)
            .Select(shard => new ShardLayout(
                shard,
                LayOut(Parameters.Where((_, i) => shardOf[i] == shard)),
                shard == 0 ? Moments : [],
                elementSize))
            .ToArray();
    }

    /// <summary>Places tensors one after the other.</summary>
    internal static TensorSlot[] LayOut(IEnumerable<TensorSlot> slots)
    {
        var offset = 0L;
        var placed = new List<TensorSlot>();
        foreach (var slot in slots)
        {
            placed.Add(slot with { Offset = offset });
            offset += slot.Length;
        }

        return [.. placed];
    }
}
