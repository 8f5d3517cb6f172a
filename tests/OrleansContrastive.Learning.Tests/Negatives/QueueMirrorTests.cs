using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives;

public sealed class QueueMirrorTests
{
    private const int Width = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Mirrors_of_any_number_of_shards_are_the_undivided_ring(int shards)
    {
        using var leaks = new TensorLeaks();
        using var scope = torch.NewDisposeScope();
        const int Capacity = 18;
        var whole = new KeyQueue(Capacity, Width, torch.ScalarType.Float32);
        KeyQueue[] parts = [.. Enumerable.Range(0, shards).Select(_ => new KeyQueue(Capacity / shards, Width, torch.ScalarType.Float32))];
        using var mirror = new QueueMirror(Capacity, Width, torch.ScalarType.Float32, shards: shards);
        var nextId = 0;
        for (var version = 1; version <= 9; version++)
        {
            // Two lease slots of six rows in each version, dealt round the shards.
            const int Rows = 12;
            var vectors = MemoryMarshal.AsBytes(Pattern.Single(Rows * Width, (ulong)version).AsSpan()).ToArray();
            long[] ids = [.. Enumerable.Range(nextId, Rows).Select(id => (long)id)];
            nextId += Rows;
            whole.Append(vectors, ids, new RowStamp(version - 1, version));
            for (var shard = 0; shard < shards; shard++)
            {
                int[] mine = [.. Enumerable.Range(0, Rows).Where(row => row % shards == shard)];
                parts[shard].Append(
                    mine.SelectMany(row => vectors.AsSpan(row * 16, 16).ToArray()).ToArray(),
                    [.. mine.Select(row => ids[row])],
                    new RowStamp(version - 1, version, shard, shards));
            }

            if (version % 2 == 1)
            {
                // Every other version only, so that an answer spans two of them.
                mirror.Apply([.. parts.Select((part, shard) => part.ReadSince(mirror.SequenceOf(shard)))]);
                Assert.Equal(whole.SampleIds.ToArray(), mirror.SampleIds.ToArray().Length == Capacity ? Align(mirror, whole) : mirror.SampleIds.ToArray());
            }
        }
    }

    [Fact]
    public void Shows_the_filled_rows_by_slot()
    {
        using var leaks = new TensorLeaks();
        using var scope = torch.NewDisposeScope();
        var queue = new KeyQueue(5, Width, torch.ScalarType.Float32);
        using var mirror = new QueueMirror(5, Width, torch.ScalarType.Float32);
        Assert.Equal(0, mirror.Count);
        for (var step = 0; step < 4; step++)
        {
            queue.Append(
                MemoryMarshal.AsBytes(Pattern.Single(3 * Width, (ulong)step).AsSpan()), [step * 3, step * 3 + 1, step * 3 + 2],
                new RowStamp(step, step + 1));
            mirror.Apply(queue.ReadSince(mirror.SequenceOf(0)));
            Assert.Equal((queue.Filled, queue.Pointer), (mirror.Count, mirror.Pointer));
            Assert.Equal(queue.SampleIds.ToArray(), mirror.SampleIds.ToArray());
            Assert.Equal(queue.KeyVersions.ToArray(), mirror.KeyVersions.ToArray());
            var rows = mirror.Rows(0, mirror.Count);
            Assert.Equal([queue.Filled, Width], rows.shape);
            for (var slot = 0; slot < queue.Filled; slot++)
            {
                Assert.True(queue.Row(slot).SequenceEqual(rows.bytes.Slice(slot * queue.RowBytes, queue.RowBytes)));
            }
        }
    }

    [Fact]
    public void Counts_rows_it_came_too_late_for_and_forgets_on_demand()
    {
        using var leaks = new TensorLeaks();
        var queue = new KeyQueue(2, Width, torch.ScalarType.Float32);
        using var mirror = new QueueMirror(2, Width, torch.ScalarType.Float32);
        queue.Append(new byte[5 * queue.RowBytes], [0, 1, 2, 3, 4], new RowStamp(0, 1));
        mirror.Apply(queue.ReadSince(0));
        Assert.Equal(3, mirror.Missed);
        mirror.Clear();
        Assert.Equal((0, 0L), (mirror.Count, mirror.SequenceOf(0)));
    }

    [Fact]
    public void Answers_that_do_not_fit_are_refused()
    {
        using var leaks = new TensorLeaks();
        var queue = new KeyQueue(4, Width, torch.ScalarType.Float32);
        queue.Append(new byte[3 * queue.RowBytes], [0, 1, 2], new RowStamp(0, 1));
        using var mirror = new QueueMirror(4, Width, torch.ScalarType.Float32);
        mirror.Apply(queue.ReadSince(0));
        Assert.Contains("from sequence 0 on; expected 3", Assert.Throws<ArgumentException>(() => mirror.Apply(queue.ReadSince(0))).Message);
        Assert.Throws<ArgumentException>(() => mirror.Apply());
        var wider = new KeyQueue(4, Width + 1, torch.ScalarType.Float32);
        Assert.Throws<ArgumentException>(() => mirror.Apply(wider.ReadSince(0)));
    }

    /// <summary>The mirror's ids by the ring's slots: it may have begun to write at another slot after a gap.</summary>
    private static long[] Align(QueueMirror mirror, KeyQueue whole)
    {
        var ids = new long[mirror.Capacity];
        for (var age = 1; age <= mirror.Capacity; age++)
        {
            var from = (mirror.Pointer - age + mirror.Capacity) % mirror.Capacity;
            var to = (whole.Pointer - age + mirror.Capacity) % mirror.Capacity;
            ids[to] = mirror.SampleIds[from];
        }

        return ids;
    }
}
