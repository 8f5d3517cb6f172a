using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Learning.Optimizers;

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
        var compact = type == ElementType.Float32 && part.Gradient.Type == ElementType.BFloat16;
        var wire = compact ? ElementType.BFloat16 : type;
        var bytes = part.Gradient.Expect($"Gradient of {part.Attempt} at {part.Offset}", wire, -1);
        var count = bytes.Length / wire.Size();
        if (part.Offset < 0 || part.Offset + count > total)
            throw new ArgumentException($"Gradient of {part.Attempt}: elements {part.Offset} to {part.Offset + count} do not fit a shard of {total}.");
        if (part.Moments is { } block) Moments = block.Expect($"Batch-norm moments of {part.Attempt}", type, moments);
        if (!_offsets.Add(part.Offset)) return;

        _received += count;
        if (count == total && !compact)
        {
            Gradient = bytes;
            return;
        }

        _assembled ??= GC.AllocateUninitializedArray<byte>(checked((int)(total * elementSize)));
        var place = _assembled.AsSpan((int)(part.Offset * elementSize), count * elementSize);
        if (compact) BrainFloat.Unpack(MemoryMarshal.Cast<byte, ushort>(bytes.Span), MemoryMarshal.Cast<byte, float>(place));
        else bytes.Span.CopyTo(place);
        Gradient = _assembled;
    }
}
