using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Negatives;

public sealed class KeyQueueTests
{
    private const int Width = 3;

    [Fact]
    public void Holds_the_last_rows_for_every_capacity_and_every_batch()
    {
        Prop.ForAll(
            Gen.Choose(1, 9).ToArbitrary(),
            Gen.ListOf(Gen.Choose(0, 23)).ToArbitrary(),
            (capacity, batches) =>
            {
                var queue = new KeyQueue(capacity, Width, torch.ScalarType.Float32);
                var all = new List<long>();
                var version = 0;
                foreach (var batch in batches)
                {
                    Append(queue, all.Count, batch, ++version);
                    all.AddRange(Enumerable.Range(all.Count, batch).Select(id => (long)id));
                }

                var expected = all.TakeLast(capacity).ToArray();
                var rows = queue.ReadSince(0);
                Assert.Equal(expected, rows.SampleIds);
                Assert.Equal(expected.Select(Value), Values(rows));
                Assert.Equal((expected.Length, (long)all.Count, all.Count % capacity), (queue.Filled, queue.Sequence, queue.Pointer));
                for (var i = 0; i < expected.Length; i++)
                {
                    // Row s of the sequence lies in slot s mod capacity.
                    var slot = (int)((rows.FirstSequence + i) % capacity);
                    Assert.Equal(expected[i], queue.SampleIds[slot]);
                }
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Counts_only_rows_that_were_written()
    {
        var queue = new KeyQueue(10, Width, torch.ScalarType.Float32);
        Assert.Equal(0, queue.Filled);
        Append(queue, 0, 4, 1);
        Assert.Equal(4, queue.Filled);
        Assert.Equal(4, queue.SampleIds.Length);
    }

    [Fact]
    public void A_reader_gets_what_it_lacks_with_stamps()
    {
        var queue = new KeyQueue(6, Width, torch.ScalarType.Float32);
        Append(queue, 0, 4, version: 1);
        queue.Append(Rows(4, 3), [4, 5, 6], new RowStamp(KeyVersion: 1, CommitVersion: 2, FirstOrdinal: 5, OrdinalStride: 2));

        var rows = queue.ReadSince(4);
        Assert.Equal((4L, 7L), (rows.FirstSequence, rows.NextSequence));
        Assert.Equal([4, 5, 6], rows.SampleIds);
        Assert.Equal([5, 7, 9], rows.Ordinals);
        Assert.Equal([2, 2, 2], rows.CommitVersions);
        Assert.Equal([1, 1, 1], rows.KeyVersions);
        Assert.Equal(0, queue.ReadSince(7).Count);
        Assert.Equal([4, 5], queue.ReadSince(4, maxRows: 2).SampleIds);
    }

    [Fact]
    public void A_reader_that_came_too_late_sees_the_gap()
    {
        var queue = new KeyQueue(3, Width, torch.ScalarType.Float32);
        Append(queue, 0, 8, 1);
        var rows = queue.ReadSince(2);
        Assert.Equal(5, rows.FirstSequence);
        Assert.Equal([5, 6, 7], rows.SampleIds);
    }

    [Fact]
    public void A_reader_from_the_future_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyQueue(3, Width, torch.ScalarType.Float32).ReadSince(1));

    [Theory]
    [InlineData(4)]
    [InlineData(17)]
    public void A_restored_queue_goes_on_as_the_first(int rows)
    {
        var queue = new KeyQueue(7, Width, torch.ScalarType.Float64);
        queue.Append(MemoryMarshal.AsBytes(Enumerable.Range(0, rows * Width).Select(i => (double)i).ToArray().AsSpan()),
            [.. Enumerable.Range(0, rows).Select(i => (long)i)], new RowStamp(3, 4));
        var copy = new KeyQueue(7, Width, torch.ScalarType.Float64);
        copy.Restore(queue.Snapshot(maxRows: 3));

        Assert.Equal((queue.Sequence, queue.Pointer, queue.Filled), (copy.Sequence, copy.Pointer, copy.Filled));
        for (var slot = 0; slot < queue.Filled; slot++)
        {
            Assert.True(queue.Row(slot).SequenceEqual(copy.Row(slot)));
        }

        Assert.Equal(queue.SampleIds.ToArray(), copy.SampleIds.ToArray());
        Assert.Equal(queue.KeyVersions.ToArray(), copy.KeyVersions.ToArray());
    }

    [Fact]
    public void A_snapshot_that_does_not_fit_is_refused()
    {
        var queue = new KeyQueue(7, Width, torch.ScalarType.Float32);
        Append(queue, 0, 9, 1);
        var smaller = new KeyQueue(5, Width, torch.ScalarType.Float32);
        Assert.Contains("7 rows from sequence 2 on does not fit a ring of 5",
            Assert.Throws<ArgumentException>(() => smaller.Restore(queue.Snapshot())).Message);
        var wider = new KeyQueue(7, Width + 1, torch.ScalarType.Float32);
        Assert.Throws<ArgumentException>(() => wider.Restore(queue.Snapshot()));
        Assert.Throws<ArgumentException>(() => new KeyQueue(7, Width, torch.ScalarType.Float32).Restore([.. queue.Snapshot(3).Reverse()]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Random_unit_rows_are_the_same_however_the_queue_is_sharded(int shards)
    {
        var whole = new KeyQueue(12, 16, torch.ScalarType.Float32);
        whole.FillWithUnitRows(seed: 5);
        Assert.Equal((12, 0), (whole.Filled, whole.Pointer));
        Assert.All(whole.SampleIds.ToArray(), id => Assert.Equal(-1, id));
        for (var shard = 0; shard < shards; shard++)
        {
            var part = new KeyQueue(12 / shards, 16, torch.ScalarType.Float32);
            part.FillWithUnitRows(5, shard, shards);
            for (var slot = 0; slot < part.Filled; slot++)
            {
                Assert.True(part.Row(slot).SequenceEqual(whole.Row(slot * shards + shard)));
            }
        }

        for (var slot = 0; slot < 12; slot++)
        {
            var norm = 0.0;
            foreach (var value in MemoryMarshal.Cast<byte, float>(whole.Row(slot)))
            {
                norm += value * (double)value;
            }

            Assert.Equal(1, norm, 1e-6);
        }
    }

    [Fact]
    public void Rows_and_ids_of_different_number_are_refused()
    {
        var queue = new KeyQueue(3, Width, torch.ScalarType.Float32);
        var error = Assert.Throws<ArgumentException>(() => queue.Append(new byte[25], [1, 2], default));
        Assert.Contains("vectors has length 25; expected 24", error.Message);
    }

    private static float Value(long id) => id * 10 + 1;

    private static byte[] Rows(int first, int count) => MemoryMarshal.AsBytes(
        Enumerable.Range(first, count).SelectMany(id => new[] { Value(id), 0f, 0f }).ToArray().AsSpan()).ToArray();

    private static void Append(KeyQueue queue, int first, int count, long version) => queue.Append(
        Rows(first, count), [.. Enumerable.Range(first, count).Select(id => (long)id)], new RowStamp(version, version));

    private static IEnumerable<float> Values(QueueRows rows)
    {
        var values = MemoryMarshal.Cast<byte, float>(rows.Vectors.Span).ToArray();
        return Enumerable.Range(0, rows.Count).Select(row => values[row * Width]);
    }
}
