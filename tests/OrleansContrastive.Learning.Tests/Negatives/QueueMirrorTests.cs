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

    [Theory]
    [InlineData(2)] // 8 rows in all, of which 6 are left
    [InlineData(5)]
    public void A_mirror_that_begins_late_has_the_slots_of_one_that_did_not(int versions)
    {
        using var leaks = new TensorLeaks();
        using var scope = torch.NewDisposeScope();
        KeyQueue[] shards = [new(3, Width, torch.ScalarType.Float32), new(3, Width, torch.ScalarType.Float32)];
        using var early = new QueueMirror(6, Width, torch.ScalarType.Float32, shards: 2);
        for (var version = 1; version <= versions; version++)
        {
            for (var shard = 0; shard < 2; shard++)
            {
                // Four rows in each version, two on each shard.
                Append(shards[shard], version, shard);
                Append(shards[shard], version, 2 + shard);
            }

            early.Apply(shards[0].ReadSince(early.SequenceOf(0)), shards[1].ReadSince(early.SequenceOf(1)));
        }

        using var late = new QueueMirror(6, Width, torch.ScalarType.Float32, shards: 2);
        late.Apply(shards[0].ReadSince(0), shards[1].ReadSince(0));
        Assert.Equal((early.Count, early.Pointer), (late.Count, late.Pointer));
        Assert.Equal(early.SampleIds.ToArray(), late.SampleIds.ToArray());
        Assert.True(early.Rows(0, 6).bytes.SequenceEqual(late.Rows(0, 6).bytes));
    }

    [Fact]
    public void A_mirror_that_begins_late_with_uneven_shards_shows_only_rows_it_has()
    {
        using var leaks = new TensorLeaks();
        using var scope = torch.NewDisposeScope();
        KeyQueue[] shards = [new(3, Width, torch.ScalarType.Float32), new(3, Width, torch.ScalarType.Float32)];
        for (var version = 1; version <= 6; version++)
        {
            Append(shards[0], version, 0);
        }

        Append(shards[1], 6, 1);
        using var mirror = new QueueMirror(6, Width, torch.ScalarType.Float32, shards: 2);
        mirror.Apply(shards[0].ReadSince(0), shards[1].ReadSince(0));
        long[] expected = [40, 50, 60, 61];
        Assert.Equal(expected, mirror.SampleIds.ToArray());
        Assert.Equal(4, mirror.Count);
        for (var row = 0; row < 4; row++)
        {
            Assert.Equal([1, Width], mirror.Rows(row, 1).shape);
            Assert.Equal(expected[row], MemoryMarshal.Cast<byte, float>(mirror.Rows(row, 1).bytes)[0]);
        }

        // Across the seam of the ring two answers are needed.
        Assert.Equal([3, 1], new[] { mirror.Rows(0, 4).shape[0], mirror.Rows(3, 1).shape[0] });
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

    private static void Append(KeyQueue shard, int version, int ordinal)
    {
        float[] row = [10 * version + ordinal, 0, 0, 0];
        shard.Append(MemoryMarshal.AsBytes(row.AsSpan()), [10 * version + ordinal], new RowStamp(version - 1, version, ordinal));
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
