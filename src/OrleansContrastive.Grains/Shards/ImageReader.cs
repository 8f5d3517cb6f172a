using Orleans;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>Copies the state of another member of a shard, in parts, a few of them on the way at once.</summary>
internal static class ImageReader
{
    private const int InFlight = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the member stands at the version wanted, and copies it. Null where it cannot serve now.</summary>
    public static async Task<(ShardImage Book, SafeTensorsContent Content)?> TryReadAsync(
        IShardGrain member, FollowShard follow, TimeProvider time, Func<bool> goOn)
    {
        var book = await member.FreezeAsync(new(follow.Fence, follow.FromVersion));
        while (book.Status == ShardStatus.NotYet && goOn())
        {
            await Task.Delay(Pause, time);
            book = await member.FreezeAsync(new(follow.Fence, follow.FromVersion));
        }

        if (book.Status != ShardStatus.Ok) return null;
        var tensors = new List<NamedTensor>(book.Tensors.Length);
        for (var index = 0; index < book.Tensors.Length; index++)
        {
            if (await CopyAsync(member, book, index, follow.Spec.MaxBlockBytes) is not { } tensor) return null;
            tensors.Add(tensor);
        }

        await member.CopyAsync(new(book.Image, -1, 0));
        return (book, new(tensors, book.Metadata.ToDictionary(note => note.Name, note => note.Text)));
    }

    private static async Task<NamedTensor?> CopyAsync(IShardGrain member, ShardImage book, int index, int mostBytes)
    {
        var (name, typeName, shape) = book.Tensors[index];
        if (!TensorTypes.TryParse(typeName, out var type))
            throw new ArgumentException($"Tensor '{name}' of a shard's image has the unknown type '{typeName}'.");
        var data = new byte[checked((int)NamedTensor.ByteCount(shape, type))];
        for (long offset = 0; offset < data.Length; offset += (long)InFlight * mostBytes)
        {
            var parts = Enumerable.Range(0, InFlight).Select(part => offset + ((long)part * mostBytes)).Where(at => at < data.Length).ToList();
            var replies = await Task.WhenAll(parts.Select(at => member.CopyAsync(new(book.Image, index, at))));
            foreach (var (at, reply) in parts.Zip(replies))
            {
                if (reply.Status != ShardStatus.Ok) return null;
                var expected = Math.Min(mostBytes, data.Length - at);
                reply.Part!.Expect($"Tensor '{name}' at byte {at}", ElementType.Byte, expected).CopyTo(data.AsMemory((int)at));
            }
        }

        return new(name, type, shape, data);
    }
}
