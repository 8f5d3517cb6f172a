using OrleansContrastive.Learning.Negatives;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Rows of a memory as further columns of a loss within the batch. No gradient goes to them.</summary>
/// <param name="Rows">[K, D] unit rows.</param>
/// <param name="Own">[B, K], true where a row shows the image of a sample of the batch; null where none does.</param>
public sealed record MemoryColumns(Tensor Rows, Tensor? Own)
{
    /// <summary>The newest rows of a memory that is here; null where it is empty. The tensors live in the caller's dispose scope.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="count">K at most.</param>
    /// <param name="sampleIds">Sample of each image of the batch; empty = no row is anybody's own.</param>
    /// <param name="like">Element type and device of the rows.</param>
    public static MemoryColumns? Newest(INegativeRows memory, int count, long[] sampleIds, Tensor like)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(like);
        var (parts, own, before) = (new List<Tensor>(), new List<(int Sample, int Row)>(), 0);
        foreach (var (first, length) in memory.Newest(count))
        {
            own.AddRange(memory.OwnRows(sampleIds, first, first + length).Select(pair => (pair.Query, before + pair.Row)));
            for (var row = first; row < first + length; row += (int)parts[^1].shape[0]) parts.Add(memory.Rows(row, first + length - row));
            before += length;
        }

        if (before == 0) return null;
        using var scope = NewDisposeScope();
        var rows = cat(parts).to_type(like.dtype).to(like.device).MoveToOuterDisposeScope();
        if (own.Count == 0) return new(rows, null);
        var mask = new bool[sampleIds.Length * before];
        foreach (var (sample, row) in own) mask[(sample * before) + row] = true;
        return new(rows, tensor(mask, [sampleIds.Length, before], device: like.device).MoveToOuterDisposeScope());
    }
}
