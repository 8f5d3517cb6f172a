using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Seconds for the partial softmax of 256 queries over a shard's rows, 128 wide, in fp32 on every processor.</summary>
internal sealed class ContrastRow(int rows) : Contestant
{
    private const int Queries = 256;
    private const int Width = 128;
    private const double Temperature = 0.1;

    private torch.Tensor? _queries;
    private Bank? _rows;

    protected override void Prepare()
    {
        torch.set_num_threads(Environment.ProcessorCount);
        torch.random.manual_seed(0);
        _queries = UnitRows(Queries);
        _rows = new Bank(UnitRows(rows));
        Measure();
    }

    protected override double Measure() => Seconds(() => ShardContrast.Compute(_queries!, [], _rows!, Temperature));

    protected override void Release()
    {
        _queries?.Dispose();
        _rows?.Dispose();
    }

    private static torch.Tensor UnitRows(int count)
    {
        using var scope = torch.NewDisposeScope();
        var rows = torch.randn(count, Width);
        return rows.div(rows.norm(1, keepdim: true)).MoveToOuterDisposeScope();
    }

    /// <summary>All rows in one tensor, none of them of an image.</summary>
    private sealed class Bank(torch.Tensor rows) : INegativeRows, IDisposable
    {
        private readonly long[] _sampleIds = Enumerable.Repeat(-1L, (int)rows.shape[0]).ToArray();

        public int Count => _sampleIds.Length;

        public int Width => ContrastRow.Width;

        public ReadOnlySpan<long> SampleIds => _sampleIds;

        public torch.Tensor Rows(int first, int maxRows) => rows.narrow(0, first, maxRows);

        public void Read(int row, Span<double> values) => throw new NotSupportedException("The contrast reads rows as tensors.");

        public IReadOnlyList<(int First, int Count)> Newest(int count) => [(Count - count, count)];

        public void Dispose() => rows.Dispose();
    }
}
