using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>The gradient of one attempt for one shard, put together from its parts.</summary>
internal sealed class GradientStage(long total, int elementSize)
{
    private readonly HashSet<long> _offsets = [];
    private byte[]? _assembled;
    private long _received;

    /// <summary>The flat gradient; whole only when <see cref="IsComplete"/>.</summary>
    public ReadOnlyMemory<byte> Gradient { get; private set; }

    /// <summary>Batch-norm moments; empty on shards that keep none.</summary>
    public ReadOnlyMemory<byte> Moments { get; private set; }

    /// <summary>All parts are here.</summary>
    public bool IsComplete => _received == total;

    /// <summary>Takes a part in; a part that came before is passed over.</summary>
    /// <exception cref="ArgumentException">The part does not fit the shard.</exception>
    public void Add(StageGradient part, ElementType type, long moments)
    {
        var bytes = part.Gradient.Expect($"Gradient of {part.Attempt} at {part.Offset}", type, -1);
        var count = bytes.Length / elementSize;
        if (part.Offset < 0 || part.Offset + count > total)
            throw new ArgumentException($"Gradient of {part.Attempt}: elements {part.Offset} to {part.Offset + count} do not fit a shard of {total}.");
        if (part.Moments is { } block) Moments = block.Expect($"Batch-norm moments of {part.Attempt}", type, moments);
        if (!_offsets.Add(part.Offset)) return;

        _received += count;
        if (count == total)
        {
            Gradient = bytes;
            return;
        }

        _assembled ??= GC.AllocateUninitializedArray<byte>(checked((int)(total * elementSize)));
        bytes.CopyTo(_assembled.AsMemory((int)(part.Offset * elementSize)));
        Gradient = _assembled;
    }
}
