using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Negatives.Sampling;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

/// <summary>One shard of a memory bank: a unit row for every sample of the data set (Wu et al. 2018, section 3.1), in bfloat16.</summary>
/// <remarks>
/// The row of sample i lies in shard i mod shards. It starts as a random unit row, which counts, and moves by v ← normalize(μ v +
/// (1 − μ) f) in commit order; a sample that occurs twice moves twice, in the order of positions. No object is kept per row: 2
/// bytes an element and 4 for the version. Not thread-safe: the owner orders reads and writes.
/// </remarks>
public sealed class MemoryBank : IRowsBySample
{
    /// <summary>Most rows that one call of <see cref="Rows"/> widens: 4 MiB of 128 floats.</summary>
    public const int RowsAtOnce = 8192;

    private const int RowsPerBlock = 1 << 17;

    private readonly byte[][] _blocks; // bfloat16, little-endian
    private readonly int[] _versions;
    private readonly int _shard;
    private readonly int _shards;
    private readonly torch.ScalarType _type;
    private long[]? _sampleIds;

    /// <summary>A bank of random unit rows.</summary>
    /// <param name="samples">Samples of the data set, N.</param>
    /// <param name="width">Elements of a row, D.</param>
    /// <param name="momentum">μ; 0.5 in the paper.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="shard">Number of this shard; the rows of a sample are the same whatever the number of shards.</param>
    /// <param name="shards">Number of shards.</param>
    /// <param name="type">Float32 or Float64: what <see cref="Rows"/> gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public MemoryBank(
        long samples, int width, double momentum, ulong seed, int shard = 0, int shards = 1, torch.ScalarType type = torch.ScalarType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shards);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, shards);
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, shards);
        if (momentum is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Expected 0 to below 1.");
        _ = ElementSize.Of(type);
        (Samples, Width, Momentum, _shard, _shards, _type) = (samples, width, momentum, shard, shards, type);
        Count = checked((int)((samples - shard + shards - 1) / shards));
        _versions = new int[Count];
        _blocks = new byte[(Count + RowsPerBlock - 1) / RowsPerBlock][];
        for (var block = 0; block < _blocks.Length; block++)
            _blocks[block] = GC.AllocateUninitializedArray<byte>(Math.Min(RowsPerBlock, Count - (block * RowsPerBlock)) * RowBytes);
        Fill(seed);
    }

    /// <inheritdoc/>
    public long Samples { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <summary>Bytes of one row in memory.</summary>
    public int RowBytes => Width * BrainFloat.Size;

    /// <summary>μ.</summary>
    public double Momentum { get; }

    /// <summary>Version that renewed each row last; 0 = it is still random.</summary>
    public ReadOnlySpan<int> Versions => _versions;

    /// <inheritdoc/>
    /// <remarks>Made at the first call: 8 bytes a row.</remarks>
    public ReadOnlySpan<long> SampleIds => _sampleIds ??= [.. Enumerable.Range(0, Count).Select(SampleOf)];

    /// <inheritdoc/>
    public int RowOf(long sampleId) => sampleId >= 0 && sampleId < Samples && sampleId % _shards == _shard ? (int)(sampleId / _shards) : -1;

    /// <summary>Moves the rows of some samples towards new features.</summary>
    /// <param name="features">[n, D] unit rows.</param>
    /// <param name="type">Element type of the features.</param>
    /// <param name="sampleIds">Sample of each; all of this shard.</param>
    /// <param name="version">Version that makes it visible.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or a sample belongs to another shard.</exception>
    public void Update(ReadOnlySpan<byte> features, torch.ScalarType type, ReadOnlySpan<long> sampleIds, long version)
    {
        var bytes = Width * ElementSize.Of(type);
        RowColumns.RequireLength(nameof(features), features.Length, (long)sampleIds.Length * bytes);
        foreach (var sample in sampleIds)
        {
            if (RowOf(sample) < 0)
                throw new ArgumentException($"Sample {sample} of {Samples} is not in shard {_shard} of {_shards}.", nameof(sampleIds));
        }

        Span<double> feature = new double[Width], row = new double[Width];
        for (var i = 0; i < sampleIds.Length; i++)
        {
            UnitRow.Load(features.Slice(i * bytes, bytes), type, feature);
            var place = RowOf(sampleIds[i]);
            Read(place, row);
            Fold(row, feature);
            Store(row, Packed(place));
            _versions[place] = checked((int)version);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A copy in the bank's type, at most <see cref="RowsAtOnce"/> rows.</remarks>
    public torch.Tensor Rows(int first, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(first, Count);
        var count = Math.Min(Math.Min(maxRows, RowsAtOnce), Math.Min(Count - first, RowsPerBlock - (first % RowsPerBlock)));
        using var scope = torch.NewDisposeScope();
        var rows = torch.empty([count, Width], torch.ScalarType.Float32);
        var packed = _blocks[first / RowsPerBlock].AsSpan(first % RowsPerBlock * RowBytes, count * RowBytes);
        BrainFloat.Unpack(MemoryMarshal.Cast<byte, ushort>(packed), MemoryMarshal.Cast<byte, float>(rows.bytes));
        return rows.to_type(_type).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Read(int row, Span<double> values)
    {
        var packed = Packed(row);
        for (var i = 0; i < packed.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)packed[i] << 16);
    }

    /// <inheritdoc/>
    public List<(int Query, int Row)> OwnRows(ReadOnlySpan<long> sampleIds, int first, int end)
    {
        var found = new List<(int Query, int Row)>();
        for (var query = 0; query < sampleIds.Length; query++)
        {
            var row = RowOf(sampleIds[query]);
            if (row >= first && row < end) found.Add((query, row - first));
        }

        // By ascending row, as the chunks of a contrast come to them.
        found.Sort((a, b) => (a.Row, a.Query).CompareTo((b.Row, b.Query)));
        return found;
    }

    /// <inheritdoc/>
    /// <remarks>A bank knows no order of age: the last rows.</remarks>
    public IReadOnlyList<(int First, int Count)> Newest(int count) => [(Count - Math.Min(count, Count), Math.Min(count, Count))];

    /// <summary>The rows as they lie in memory, part by part: bfloat16 elements and versions. They are not copied: valid until the
    /// next update.</summary>
    public IEnumerable<(ReadOnlyMemory<byte> Rows, ReadOnlyMemory<int> Versions)> Parts()
    {
        for (var block = 0; block < _blocks.Length; block++)
            yield return (_blocks[block], _versions.AsMemory(block * RowsPerBlock, _blocks[block].Length / RowBytes));
    }

    /// <summary>Takes the rows of one part from a checkpoint.</summary>
    /// <param name="part">Number of the part.</param>
    /// <param name="rows">bfloat16 elements, little-endian.</param>
    /// <param name="versions">Versions, little-endian 32-bit.</param>
    /// <exception cref="ArgumentException">The part has another length.</exception>
    public void Restore(int part, ReadOnlySpan<byte> rows, ReadOnlySpan<byte> versions)
    {
        RowColumns.RequireLength($"Part {part} of the bank", rows.Length, _blocks[part].Length);
        RowColumns.RequireLength($"The versions of part {part} of the bank", versions.Length, _blocks[part].Length / RowBytes * (long)sizeof(int));
        rows.CopyTo(_blocks[part]);
        MemoryMarshal.Cast<byte, int>(versions).CopyTo(_versions.AsSpan(part * RowsPerBlock));
    }

    /// <summary>Number of parts.</summary>
    public int PartCount => _blocks.Length;

    private long SampleOf(int row) => ((long)row * _shards) + _shard;

    private Span<ushort> Packed(int row) =>
        MemoryMarshal.Cast<byte, ushort>(_blocks[row / RowsPerBlock].AsSpan(row % RowsPerBlock * RowBytes, RowBytes));

    private void Fill(ulong seed) => Parallel.For(
        0, (Count + RowsAtOnce - 1) / RowsAtOnce, () => new double[Width],
        (piece, _, values) =>
        {
            for (var row = piece * RowsAtOnce; row < Math.Min(Count, (piece + 1) * RowsAtOnce); row++)
            {
                UnitRow.Draw(seed, RandomPurpose.BankInitialisation, SampleOf(row), values);
                Store(values, Packed(row));
            }

            return values;
        },
        _ => { });

    private void Fold(Span<double> row, ReadOnlySpan<double> feature)
    {
        var square = 0.0;
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = (Momentum * row[i]) + ((1 - Momentum) * feature[i]);
            square += row[i] * row[i];
        }

        // A feature that is the very opposite of its row leaves nothing to normalise: the feature wins.
        var scale = square > 0 ? 1 / Math.Sqrt(square) : 0;
        for (var i = 0; i < row.Length; i++) row[i] = square > 0 ? row[i] * scale : feature[i];
    }

    private static void Store(ReadOnlySpan<double> values, Span<ushort> packed)
    {
        Span<float> single = stackalloc float[Math.Min(values.Length, 1024)];
        for (var first = 0; first < values.Length; first += single.Length)
        {
            var part = single[..Math.Min(single.Length, values.Length - first)];
            for (var i = 0; i < part.Length; i++) part[i] = (float)values[first + i];
            BrainFloat.Pack(part, packed.Slice(first, part.Length));
        }
    }
}
