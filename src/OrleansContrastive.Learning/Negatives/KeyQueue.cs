using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>One shard of MoCo's queue: a ring of key vectors, each with its sample, the version of θ_k that made it and a
/// sequence number (He et al. 2020, section 3.2).</summary>
/// <remarks>
/// A true ring: any capacity, any batch, batches longer than the ring included, of which the last rows stay. Row s of the
/// sequence lies in slot s mod capacity. Only rows that were written count as negatives. Not thread-safe: the owner orders
/// reads and writes.
/// </remarks>
public sealed class KeyQueue : INegativeRows
{
    // A block stays below the 2 GiB that an array may hold and is allocated when the ring first reaches it.
    private const int BlockBytes = 1 << 26;

    private readonly Array?[] _blocks;
    private readonly int _rowsPerBlock;
    private readonly long[] _sampleIds;
    private readonly long[] _keyVersions;
    private readonly long[] _commitVersions;
    private readonly int[] _ordinals;

    /// <summary>Creates an empty ring.</summary>
    /// <param name="capacity">Rows, K: any positive number.</param>
    /// <param name="width">Elements of a row, D.</param>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <exception cref="ArgumentOutOfRangeException">Capacity or width is not positive.</exception>
    public KeyQueue(int capacity, int width, torch.ScalarType elementType)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (Capacity, Width, ElementType) = (capacity, width, elementType);
        RowBytes = width * ElementSize.Of(elementType);
        _rowsPerBlock = Math.Min(capacity, Math.Max(1, BlockBytes / RowBytes));
        _blocks = new Array?[(capacity + _rowsPerBlock - 1) / _rowsPerBlock];
        _sampleIds = new long[capacity];
        _keyVersions = new long[capacity];
        _commitVersions = new long[capacity];
        _ordinals = new int[capacity];
    }

    /// <summary>Rows the ring can hold, K.</summary>
    public int Capacity { get; }

    /// <summary>Elements of a row, D.</summary>
    public int Width { get; }

    /// <summary>Float32 or Float64.</summary>
    public torch.ScalarType ElementType { get; }

    /// <summary>Bytes of one row.</summary>
    public int RowBytes { get; }

    /// <summary>Rows ever appended; the sequence number of the next row.</summary>
    public long Sequence { get; private set; }

    /// <summary>Rows that may be contrasted against.</summary>
    public int Filled => (int)Math.Min(Sequence, Capacity);

    /// <summary>Slot of the next row: MoCo's <c>queue_ptr</c>.</summary>
    public int Pointer => (int)(Sequence % Capacity);

    /// <summary>Sequence number of the oldest row that is still there.</summary>
    public long OldestSequence => Sequence - Filled;

    /// <summary>Appends the keys of one lease.</summary>
    /// <param name="vectors">[rows, D] unit rows, little-endian.</param>
    /// <param name="sampleIds">Sample of each row.</param>
    /// <param name="stamp">Versions and positions of the rows.</param>
    /// <exception cref="ArgumentException">The two lengths do not agree.</exception>
    public void Append(ReadOnlySpan<byte> vectors, ReadOnlySpan<long> sampleIds, in RowStamp stamp)
    {
        RowColumns.RequireLength(nameof(vectors), vectors.Length, (long)sampleIds.Length * RowBytes);
        var skipped = Math.Max(0, sampleIds.Length - Capacity);
        for (var row = skipped; row < sampleIds.Length; row++)
        {
            Write(
                Sequence + row,
                vectors.Slice(row * RowBytes, RowBytes),
                sampleIds[row],
                stamp.KeyVersion,
                stamp.CommitVersion,
                stamp.FirstOrdinal + row * stamp.OrdinalStride);
        }

        Sequence += sampleIds.Length;
    }

    /// <summary>Appends rows that another queue read out, with their stamps.</summary>
    /// <exception cref="ArgumentException">The rows are of another width or type, or their columns disagree.</exception>
    public void Append(QueueRows rows)
    {
        Require(rows);
        for (var row = Math.Max(0, rows.Count - Capacity); row < rows.Count; row++)
        {
            Write(
                Sequence + row,
                rows.Vectors.Span.Slice(row * RowBytes, RowBytes),
                rows.SampleIds[row],
                rows.KeyVersions[row],
                rows.CommitVersions[row],
                rows.Ordinals[row]);
        }

        Sequence += rows.Count;
    }

    /// <summary>Fills an empty ring with random unit rows, as MoCo's code starts its queue. They count as negatives, stand
    /// for no sample and are overwritten first.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="shard">Index of this shard: row r of shard s is row r·shards + s of the whole queue, whatever the
    /// number of shards.</param>
    /// <param name="shards">Number of shards.</param>
    /// <exception cref="InvalidOperationException">Rows were appended before.</exception>
    public void FillWithUnitRows(ulong seed, int shard = 0, int shards = 1)
    {
        if (Sequence != 0)
        {
            throw new InvalidOperationException($"The queue already holds {Filled} rows; only an empty one can be filled.");
        }

        var values = new double[Width];
        var row = new byte[RowBytes];
        for (var r = 0; r < Capacity; r++)
        {
            var ordinal = checked(r * shards + shard);
            UnitRow.Draw(seed, RandomPurpose.QueueInitialisation, ordinal, values);
            UnitRow.Store(values, ElementType, row);
            Write(r, row, sampleId: -1, keyVersion: 0, commitVersion: 0, ordinal);
        }

        Sequence = Capacity;
    }

    /// <summary>Reads rows that a mirror lacks, oldest first.</summary>
    /// <param name="sequence">First sequence number wanted. Where that row is gone already, reading begins at the oldest one
    /// left, which <see cref="QueueRows.FirstSequence"/> shows.</param>
    /// <param name="maxRows">Most rows to return, to bound a message.</param>
    /// <exception cref="ArgumentOutOfRangeException">The queue has not come to that sequence number.</exception>
    public QueueRows ReadSince(long sequence, int maxRows = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, Sequence);
        var first = Math.Max(sequence, OldestSequence);
        var count = (int)Math.Min(Math.Min(Sequence - first, maxRows), Array.MaxLength / RowBytes);
        var vectors = GC.AllocateUninitializedArray<byte>(count * RowBytes);
        var rows = new QueueRows(
            ElementType, Width, first, vectors, new long[count], new long[count], new long[count], new int[count]);
        for (var row = 0; row < count; row++)
        {
            var slot = (int)((first + row) % Capacity);
            Row(slot).CopyTo(vectors.AsSpan(row * RowBytes));
            rows.SampleIds[row] = _sampleIds[slot];
            rows.KeyVersions[row] = _keyVersions[slot];
            rows.CommitVersions[row] = _commitVersions[slot];
            rows.Ordinals[row] = _ordinals[slot];
        }

        return rows;
    }

    /// <summary>Everything a checkpoint needs, in parts of bounded size; <see cref="Restore"/> takes them back.</summary>
    /// <param name="maxRows">Most rows of a part.</param>
    public IReadOnlyList<QueueRows> Snapshot(int maxRows = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        var parts = new List<QueueRows>();
        for (var next = OldestSequence; next < Sequence; next = parts[^1].NextSequence)
        {
            parts.Add(ReadSince(next, maxRows));
        }

        return parts;
    }

    /// <summary>Puts a snapshot into an empty ring, with the same slots, pointer and sequence numbers.</summary>
    /// <exception cref="InvalidOperationException">Rows were appended before.</exception>
    /// <exception cref="ArgumentException">The parts do not follow each other or do not fit the ring.</exception>
    public void Restore(IReadOnlyList<QueueRows> parts)
    {
        if (Sequence != 0)
        {
            throw new InvalidOperationException($"The queue already holds {Filled} rows; only an empty one can be restored.");
        }

        var first = parts.Count > 0 ? parts[0].FirstSequence : 0;
        var count = 0L;
        foreach (var part in parts)
        {
            Require(part);
            if (part.FirstSequence != first + count)
            {
                throw new ArgumentException(
                    $"A part of the snapshot begins at sequence {part.FirstSequence}; expected {first + count}.", nameof(parts));
            }

            count += part.Count;
        }

        if (count > Capacity || (first > 0 && count != Capacity))
        {
            throw new ArgumentException(
                $"A snapshot of {count} rows from sequence {first} on does not fit a ring of {Capacity}.", nameof(parts));
        }

        Sequence = first;
        foreach (var part in parts)
        {
            Append(part);
        }
    }

    /// <summary>Sample ids by slot, of the filled slots. Valid until the next append.</summary>
    public ReadOnlySpan<long> SampleIds => _sampleIds.AsSpan(0, Filled);

    /// <summary>Versions of θ_k by slot, of the filled slots. Valid until the next append.</summary>
    public ReadOnlySpan<long> KeyVersions => _keyVersions.AsSpan(0, Filled);

    /// <summary>One row, by slot. Valid until the next append.</summary>
    public ReadOnlySpan<byte> Row(int slot) => RowSpan(slot);

    int INegativeRows.Count => Filled;

    /// <inheritdoc/>
    /// <remarks>Shares the ring's memory: valid until the next append.</remarks>
    public torch.Tensor Rows(int first, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(first, Filled);
        var inner = first % _rowsPerBlock;
        var rows = Math.Min(Math.Min(maxRows, Filled - first), _rowsPerBlock - inner);
        using var flat = torch.frombuffer(
            _blocks[first / _rowsPerBlock]!, ElementType, (long)rows * Width, (long)inner * Width);
        return flat.view(rows, Width);
    }

    /// <inheritdoc/>
    public void Read(int row, Span<double> values) => UnitRow.Load(RowSpan(row), ElementType, values);

    /// <inheritdoc/>
    public IReadOnlyList<(int First, int Count)> Newest(int count) => RingRange.Newest(Pointer, Filled, Capacity, count);

    private void Write(
        long sequence, ReadOnlySpan<byte> vector, long sampleId, long keyVersion, long commitVersion, int ordinal)
    {
        var slot = (int)(sequence % Capacity);
        vector.CopyTo(RowSpan(slot));
        _sampleIds[slot] = sampleId;
        _keyVersions[slot] = keyVersion;
        _commitVersions[slot] = commitVersion;
        _ordinals[slot] = ordinal;
    }

    private Span<byte> RowSpan(int slot)
    {
        var index = slot / _rowsPerBlock;
        var block = _blocks[index] ??= NewBlock(Math.Min(_rowsPerBlock, Capacity - index * _rowsPerBlock));
        var bytes = block is float[] floats ? MemoryMarshal.AsBytes(floats.AsSpan()) : MemoryMarshal.AsBytes(((double[])block).AsSpan());
        return bytes.Slice(slot % _rowsPerBlock * RowBytes, RowBytes);
    }

    private Array NewBlock(int rows) =>
        ElementType == torch.ScalarType.Float64 ? new double[rows * Width] : new float[rows * Width];

    private void Require(QueueRows rows)
    {
        if (rows.Width != Width || rows.ElementType != ElementType)
        {
            throw new ArgumentException(
                $"Rows of {rows.Width} x {rows.ElementType} for a queue of {Width} x {ElementType}.", nameof(rows));
        }

        rows.Validate();
    }
}
