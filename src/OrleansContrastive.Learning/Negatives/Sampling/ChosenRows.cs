using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>Some rows of a store, copied together.</summary>
internal sealed class ChosenRows : INegativeRows, IDisposable
{
    private readonly torch.Tensor _storage;
    private readonly long[] _sampleIds;

    /// <param name="rows">Where they come from.</param>
    /// <param name="chosen">Their numbers; one may occur several times.</param>
    /// <param name="type">Element type of the copy.</param>
    /// <param name="device">Where the copy lies.</param>
    public ChosenRows(INegativeRows rows, ReadOnlySpan<int> chosen, torch.ScalarType type, torch.Device device)
    {
        Width = rows.Width;
        var values = new double[(long)chosen.Length * Width];
        var ids = rows.SampleIds;
        _sampleIds = new long[chosen.Length];
        for (var i = 0; i < chosen.Length; i++)
        {
            rows.Read(chosen[i], values.AsSpan(i * Width, Width));
            _sampleIds[i] = ids[chosen[i]];
        }

        using var scope = torch.NewDisposeScope();
        _storage = torch.tensor(values, [chosen.Length, Width]).to_type(type).to(device).DetachFromDisposeScope();
    }

    public int Count => _sampleIds.Length;

    public int Width { get; }

    public ReadOnlySpan<long> SampleIds => _sampleIds;

    public torch.Tensor Rows(int first, int maxRows) => _storage.narrow(0, first, Math.Min(maxRows, Count - first));

    public void Read(int row, Span<double> values)
    {
        var size = Width * ElementSize.Of(_storage.dtype);
        using var host = _storage.cpu();
        UnitRow.Load(host.bytes.Slice(row * size, size), _storage.dtype, values);
    }

    public IReadOnlyList<(int First, int Count)> Newest(int count) => [(Count - Math.Min(count, Count), Math.Min(count, Count))];

    public void Dispose() => _storage.Dispose();
}
