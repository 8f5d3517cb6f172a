using System.Runtime.InteropServices;
using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Grains.Workers;

/// <summary>One version of one kind of parameters, flat per shard.</summary>
/// <param name="History">The history that the version belongs to.</param>
/// <param name="Version">The version.</param>
/// <param name="Shards">Flat little-endian elements of each shard. Read only.</param>
internal sealed record ParameterSet(long History, long Version, ReadOnlyMemory<byte>[] Shards);

/// <summary>
/// Fetches parameters from all shards at one version, in parts, and only what is newer than the last set.
/// One caller at a time.
/// </summary>
/// <param name="grains">Finds the shards.</param>
/// <param name="kind">What to fetch.</param>
/// <param name="byWire">Takes the run's wire format; otherwise the full precision of the shards.</param>
internal sealed class ParameterReader(IGrainFactory grains, ParameterKind kind, bool byWire = false)
{
    private ParameterSet? _last;

    /// <summary>Bytes of parameters that came over the wire so far.</summary>
    public long BytesFetched { get; private set; }

    /// <summary>The newest version that came; -1 = none.</summary>
    public long Newest => _last?.Version ?? -1;

    /// <summary>One version of all shards; null if a shard has not come to it yet.</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="version">The version wanted; -1 = the newest.</param>
    /// <exception cref="StaleViewException">A shard is in another history.</exception>
    public async Task<ParameterSet?> TryFetchAsync(RunView view, long version)
    {
        if (_last is not null && _last.History != view.History) _last = null;
        if (_last is not null && _last.Version == version) return _last;

        var shards = new ReadOnlyMemory<byte>[view.ParameterShards.Length];
        var known = _last?.Version ?? -1;
        var first = await FetchAsync(view, 0, version, known);
        if (first.Status == ShardStatus.NotModified) return _last;
        if (first.Status is ShardStatus.NotYet or ShardStatus.Gone) return null;

        shards[0] = first.Flat;
        var others = await Task.WhenAll(Enumerable.Range(1, shards.Length - 1).Select(shard => FetchAsync(view, shard, first.Version, -1)));
        for (var shard = 1; shard < shards.Length; shard++)
        {
            // The shards may be a version apart for a moment; the caller asks again.
            if (others[shard - 1].Status != ShardStatus.Ok) return null;
            shards[shard] = others[shard - 1].Flat;
        }

        return _last = new(view.History, first.Version, shards);
    }

    private async Task<(ShardStatus Status, long Version, ReadOnlyMemory<byte> Flat)> FetchAsync(RunView view, int shard, long version, long known)
    {
        var key = view.ParameterShards[shard];
        var server = grains.GetGrain<IParameterServerGrain>(key);
        var compact = byWire && view.Spec.Wire == WireFormat.BFloat16;
        var reply = await server.PullAsync(new() { Kind = kind, History = view.History, Known = known, Exact = version, Compact = compact });
        StaleViewException.ThrowIf(key, reply.Status);
        if (reply.Status != ShardStatus.Ok) return (reply.Status, reply.Version, default);

        var part = reply.Part!;
        var bytes = part.Expect(key, part.Type, -1);
        var size = part.Type.Size();
        BytesFetched += reply.Total * size;
        if (bytes.Length == reply.Total * size) return (ShardStatus.Ok, reply.Version, Wide(part.Type, bytes));

        var flat = GC.AllocateUninitializedArray<byte>(checked((int)(reply.Total * size)));
        bytes.CopyTo(flat);
        var next = new List<Task<PullReply>>();
        for (var offset = bytes.Length / size; offset < reply.Total; offset += bytes.Length / size)
            next.Add(server.PullAsync(new() { Kind = kind, History = view.History, Exact = reply.Version, Offset = offset, Compact = compact }));
        var filled = bytes.Length;
        foreach (var pull in await Task.WhenAll(next))
        {
            StaleViewException.ThrowIf(key, pull.Status);
            if (pull.Status != ShardStatus.Ok) return (pull.Status, pull.Version, default);
            pull.Part!.Data.CopyTo(flat.AsMemory(filled));
            filled += pull.Part.Data.Length;
        }

        return (ShardStatus.Ok, reply.Version, Wide(part.Type, flat));
    }

    private static ReadOnlyMemory<byte> Wide(ElementType type, ReadOnlyMemory<byte> flat)
    {
        if (type != ElementType.BFloat16) return flat;
        var wide = GC.AllocateUninitializedArray<byte>(flat.Length / BrainFloat.Size * sizeof(float));
        BrainFloat.Unpack(MemoryMarshal.Cast<byte, ushort>(flat.Span), MemoryMarshal.Cast<byte, float>(wide.AsSpan()));
        return wide;
    }
}
