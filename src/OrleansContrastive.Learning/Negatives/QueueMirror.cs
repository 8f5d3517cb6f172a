using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>An encoder's local copy of the whole queue, as one tensor on its device.</summary>
/// <remarks>
/// It pulls only what it lacks. Rows of several shards are applied in the order of the run, (version, position in the version),
/// so the tensor is the same whatever the number of shards, and the same as an undivided ring. Belongs to one executor
/// thread. Write it only between steps: a live graph may still need the old rows.
/// </remarks>
public sealed class QueueMirror : INegativeRows, IDisposable
{
    private readonly torch.Tensor _storage;
    private readonly torch.ScalarType _elementType;
    private readonly long[] _sampleIds;
    private readonly long[] _keyVersions;
    private readonly long[] _pulled;
    private long _applied; // also rows that were gone before the first pull: they keep the slots of the others
    private int _valid;

    /// <summary>Creates an empty mirror.</summary>
    /// <param name="capacity">Rows of all shards together, K.</param>
    /// <param name="width">Elements of a row, D.</param>
    /// <param name="elementType">Float32 or Float64.</param>
    /// <param name="device">Where the tensor lies.</param>
    /// <param name="shards">Number of shards that are mirrored.</param>
    public QueueMirror(
        int capacity, int width, torch.ScalarType elementType, torch.Device? device = null, int shards = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shards);
        (Capacity, Width, _elementType) = (capacity, width, elementType);
        _storage = torch.zeros([capacity, width], elementType, device ?? torch.CPU).DetachFromDisposeScope();
        _sampleIds = new long[capacity];
        _keyVersions = new long[capacity];
        _pulled = new long[shards];
    }

    /// <summary>Rows it can hold, K.</summary>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Count => _valid;

    /// <summary>Slot of the next row.</summary>
    public int Pointer => (int)(_applied % Capacity);

    /// <inheritdoc/>
    public ReadOnlySpan<long> SampleIds => InOrder(_sampleIds);

    /// <summary>Version of θ_k that encoded each row.</summary>
    public ReadOnlySpan<long> KeyVersions => InOrder(_keyVersions);

    /// <summary>Rows that were overwritten at a shard before they were pulled.</summary>
    public long Missed { get; private set; }

    /// <summary>Sequence number to ask a shard for next.</summary>
    public long SequenceOf(int shard) => _pulled[shard];

    /// <summary>Applies what was pulled from every shard, in the order of the run.</summary>
    /// <param name="pulled">One answer per shard, by shard index.</param>
    /// <exception cref="ArgumentException">An answer does not fit the mirror, or repeats rows it has.</exception>
    public void Apply(params IReadOnlyList<QueueRows> pulled)
    {
        Require(pulled);
        // A mirror that starts late puts rows into the slots they would have had from the start: the order of sums, and with it
        // the last bit of a resumed run, stays the same.
        if (_applied == 0)
        {
            _applied = pulled.Sum(rows => rows.Count > 0 ? rows.FirstSequence : 0);
        }

        var order = InRunOrder(pulled);
        var skipped = Math.Max(0, order.Length - Capacity);
        var rowBytes = Width * ElementSize.Of(_elementType);
        var next = skipped;
        while (next < order.Length)
        {
            var slot = (int)((_applied + next) % Capacity);
            var count = Math.Min(order.Length - next, Capacity - slot);
            var bytes = GC.AllocateUninitializedArray<byte>(count * rowBytes);
            for (var i = 0; i < count; i++)
            {
                var (shard, row) = order[next + i];
                pulled[shard].Vectors.Span.Slice(row * rowBytes, rowBytes).CopyTo(bytes.AsSpan(i * rowBytes));
                _sampleIds[slot + i] = pulled[shard].SampleIds[row];
                _keyVersions[slot + i] = pulled[shard].KeyVersions[row];
            }

            Write(slot, count, bytes);
            next += count;
        }

        _applied += order.Length;
        _valid = Math.Min(Capacity, _valid + order.Length);
        for (var shard = 0; shard < pulled.Count; shard++)
        {
            Missed += pulled[shard].Count > 0 ? pulled[shard].FirstSequence - _pulled[shard] : 0;
            _pulled[shard] = Math.Max(_pulled[shard], pulled[shard].NextSequence);
        }
    }

    /// <summary>Forgets all rows: the run rolled back to another history.</summary>
    public void Clear()
    {
        (_applied, _valid) = (0, 0);
        Array.Clear(_pulled);
    }

    /// <inheritdoc/>
    public torch.Tensor Rows(int first, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(first, Count);
        var slot = (FirstSlot + first) % Capacity;
        return _storage.narrow(0, slot, Math.Min(Math.Min(maxRows, Count - first), Capacity - slot));
    }

    /// <inheritdoc/>
    public void Read(int row, Span<double> values)
    {
        using var scope = torch.NewDisposeScope();
        UnitRow.Load(Rows(row, 1).cpu().contiguous().bytes, _elementType, values);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(int First, int Count)> Newest(int count) =>
        _valid == Capacity ? RingRange.Newest(Pointer, _valid, Capacity, count) : [(_valid - Math.Min(count, _valid), Math.Min(count, _valid))];

    /// <inheritdoc/>
    public void Dispose() => _storage.Dispose();

    /// <summary>Slot of row 0. Only a mirror that began late and is not yet full has rows that do not begin at slot 0.</summary>
    private int FirstSlot => _valid == Capacity ? 0 : (int)((_applied - _valid) % Capacity);

    private ReadOnlySpan<long> InOrder(long[] bySlot)
    {
        var first = FirstSlot;
        return first + _valid <= Capacity
            ? bySlot.AsSpan(first, _valid)
            : (long[])[.. bySlot.AsSpan(first), .. bySlot.AsSpan(0, _valid - (Capacity - first))];
    }

    private void Write(int slot, int count, byte[] bytes)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var target = _storage.narrow(0, slot, count);
        if (_storage.device.type == DeviceType.CPU)
        {
            target.bytes = bytes;
        }
        else
        {
            var host = torch.empty([count, Width], _elementType);
            host.bytes = bytes;
            target.copy_(host);
        }
    }

    private static (int Shard, int Row)[] InRunOrder(IReadOnlyList<QueueRows> pulled)
    {
        var order = new (int Shard, int Row)[pulled.Sum(rows => rows.Count)];
        var next = 0;
        for (var shard = 0; shard < pulled.Count; shard++)
        {
            for (var row = 0; row < pulled[shard].Count; row++)
            {
                order[next++] = (shard, row);
            }
        }

        if (pulled.Count > 1)
        {
            Array.Sort(order, (a, b) =>
                (pulled[a.Shard].CommitVersions[a.Row], pulled[a.Shard].Ordinals[a.Row], a.Shard, a.Row).CompareTo(
                    (pulled[b.Shard].CommitVersions[b.Row], pulled[b.Shard].Ordinals[b.Row], b.Shard, b.Row)));
        }

        return order;
    }

    private void Require(IReadOnlyList<QueueRows> pulled)
    {
        if (pulled.Count != _pulled.Length)
        {
            throw new ArgumentException($"Rows of {pulled.Count} shards; expected {_pulled.Length}.", nameof(pulled));
        }

        for (var shard = 0; shard < pulled.Count; shard++)
        {
            var rows = pulled[shard];
            rows.Validate();
            if (rows.Width != Width || rows.ElementType != _elementType)
            {
                throw new ArgumentException(
                    $"Shard {shard} sent rows of {rows.Width} x {rows.ElementType}; expected {Width} x {_elementType}.",
                    nameof(pulled));
            }

            if (rows.Count > 0 && rows.FirstSequence < _pulled[shard])
            {
                throw new ArgumentException(
                    $"Shard {shard} sent rows from sequence {rows.FirstSequence} on; expected {_pulled[shard]} or later.",
                    nameof(pulled));
            }
        }
    }
}
