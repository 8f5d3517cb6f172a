using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>Holds a shard's state still while a follower copies it. One thread at a time.</summary>
internal sealed class ImageShelf
{
    // Two followers may copy at once; an older image is asked for anew.
    private const int MostHeld = 2;

    private readonly List<(long Image, IReadOnlyList<NamedTensor> Tensors)> _held = [];
    private long _last;

    /// <summary>Holds tensors that nobody writes to any more, under the shard's book.</summary>
    public ShardImage Hold(ShardImage book, IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        _held.Add((++_last, tensors));
        if (_held.Count > MostHeld) _held.RemoveAt(0);
        return book with
        {
            Image = _last,
            Tensors = [.. tensors.Select(tensor => new ImageTensor(tensor.Name, tensor.Type.Name(), [.. tensor.Shape]))],
            Metadata = [.. (metadata ?? new Dictionary<string, string>()).Select(note => new ImageNote(note.Key, note.Value))],
        };
    }

    /// <summary>A part of an image; a tensor below 0 lets the image go.</summary>
    public CopyReply Copy(CopyRequest request, int mostBytes)
    {
        var tensors = _held.Find(held => held.Image == request.Image).Tensors;
        if (request.Tensor < 0) _held.RemoveAll(held => held.Image == request.Image);
        if (tensors is null || request.Tensor < 0) return new() { Status = ShardStatus.Gone };
        if (request.Tensor >= tensors.Count)
            throw new ArgumentException($"Image {request.Image} has {tensors.Count} tensors; number {request.Tensor} was asked for.");
        var data = tensors[request.Tensor].Data;
        if (request.Offset < 0 || request.Offset > data.Length)
            throw new ArgumentException($"Tensor '{tensors[request.Tensor].Name}' has {data.Length} bytes; offset {request.Offset} was asked for.");
        var part = data.Slice((int)request.Offset, (int)Math.Min(mostBytes, data.Length - request.Offset));
        return new() { Status = ShardStatus.Ok, Part = new(ElementType.Byte, [part.Length], part) };
    }
}
