using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Losses;

public sealed class InfoNceTests
{
    private const int Batch = 5, Width = 8, Negatives = 12;
    private static readonly GoldenFile File = new("Losses/golden/info_nce.golden");

    [Theory]
    [InlineData(0, ScalarType.Float64, 1e-12)]
    [InlineData(1, ScalarType.Float64, 1e-12)]
    [InlineData(2, ScalarType.Float64, 1e-12)]
    [InlineData(0, ScalarType.Float32, 1e-5)]
    [InlineData(1, ScalarType.Float32, 1e-5)]
    [InlineData(2, ScalarType.Float32, 1e-5)]
    public void Value_and_gradient_equal_PyTorch(int number, ScalarType type, double tolerance)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queries = Rows(number, "queries", Batch).to_type(type).requires_grad_();
        var loss = InfoNce.Loss(
            queries, Rows(number, "keys", Batch), Rows(number, "negatives", Negatives), Temperature(number), Masked(number));
        loss.backward();

        Assert.Equal(type, loss.dtype);
        Close.All([File.Double($"{number}.meters")[0]], Embeddings.Doubles(loss), tolerance);
        Close.All(File.Double($"{number}.gradient"), Embeddings.Doubles(queries.grad!), tolerance);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_merged_form_equals_PyTorch_with_its_meters(int number)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queue = new KeyQueue(Negatives, Width, ScalarType.Float64);
        queue.Append(Rows(number, "negatives", Negatives).bytes, Enumerable.Range(0, Negatives).Select(id => (long)id).ToArray(), default);

        // The golden mask names (query, row); here each query has its own pass, with the row masked by its id.
        var gradient = new double[Batch * Width];
        var part = ShardContrast.Compute(Rows(number, "queries", Batch), [], queue, Temperature(number));
        if (Masked(number).Count > 0)
        {
            part = MaskedPart(number, queue);
        }

        var value = MergedInfoNce.Evaluate(
            File.Double($"{number}.queries"), File.Double($"{number}.keys"), part, Temperature(number), gradient);

        Close.All(File.Double($"{number}.meters"), [value.Loss, value.Entropy, value.Accuracy, value.PositiveSimilarity], 1e-11);
        Close.All(File.Double($"{number}.gradient"), gradient, 1e-11);
    }

    [Theory]
    [InlineData(4096, 8.318)]
    [InlineData(16384, 9.704)]
    [InlineData(65536, 11.090)]
    public void A_network_that_tells_nothing_apart_loses_the_chance_level(int negatives, double expected)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var one = zeros([1, 2]);
        one.bytes = BitConverter.GetBytes(1f).Concat(new byte[4]).ToArray();
        var all = one.expand(negatives, 2).contiguous();
        Assert.Equal(expected, InfoNce.Loss(one, one, all, 0.2).item<float>(), 1e-3);
        Assert.Equal(expected, InfoNce.ChanceLevel(negatives), 1e-3);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Cold_softmax_and_bfloat16_inputs_stay_finite(ScalarType type)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queries = Rows(0, "queries", Batch).to_type(type).requires_grad_();
        var loss = InfoNce.Loss(queries, Rows(0, "queries", Batch).neg(), Rows(0, "negatives", Negatives).to_type(type), 0.01);
        loss.backward();
        Assert.Equal(ScalarType.Float32, loss.dtype);
        var reference = InfoNce.Loss(Rows(0, "queries", Batch), Rows(0, "queries", Batch).neg(), Rows(0, "negatives", Negatives), 0.01);
        var tolerance = type == ScalarType.BFloat16 ? 1.0 : 1e-3;
        Assert.Equal(reference.item<double>(), loss.item<float>(), tolerance);
        Assert.All(Embeddings.Doubles(queries.grad!), slope => Assert.True(double.IsFinite(slope)));
    }

    [Fact]
    public void The_gradient_is_the_slope_of_the_loss()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var queries = Rows(0, "queries", Batch).requires_grad_();
        InfoNce.Loss(queries, Rows(0, "keys", Batch), Rows(0, "negatives", Negatives), 0.2).backward();
        var slopes = Embeddings.Doubles(queries.grad!);
        var values = File.Double("0.queries");
        for (var i = 0; i < values.Length; i += 7)
        {
            double At(double shift)
            {
                var moved = (double[])values.Clone();
                moved[i] += shift;
                return InfoNce.Loss(tensor(moved, [Batch, Width]), Rows(0, "keys", Batch), Rows(0, "negatives", Negatives), 0.2).item<double>();
            }

            Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, slopes[i], 1e-8);
        }
    }

    [Fact]
    public void Shapes_that_disagree_are_refused()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => InfoNce.Loss(zeros([2, 3]), zeros([2, 4]), null, 0.2));
        Assert.Contains("Queries are [2, 3] and positives [2, 4]", error.Message);
        Assert.Throws<ArgumentException>(() => InfoNce.Loss(zeros([2, 3]), zeros([2, 3]), zeros([5, 4]), 0.2));
        Assert.Throws<ArgumentOutOfRangeException>(() => InfoNce.Loss(zeros([2, 3]), zeros([2, 3]), null, 0));
    }

    private static PartialSoftmax MaskedPart(int number, KeyQueue queue)
    {
        var values = new double[Batch * (Width + 3)];
        var queries = Rows(number, "queries", Batch);
        for (var query = 0; query < Batch; query++)
        {
            // Row by row, leaving the masked ones out.
            PartialSoftmax[] parts = [.. Enumerable.Range(0, Negatives).Where(row => !Masked(number).Contains((query, row)))
                .Select(row => ShardContrast.Compute(queries, [], queue, Temperature(number), row, 1))];
            var merged = PartialSoftmax.Merge(parts);
            double[] own = [merged.Count(query), merged.Maximum(query), merged.Sum(query), .. merged.Weighted(query)];
            own.CopyTo(values, query * (Width + 3));
        }

        return new(Batch, Width, values);
    }

    private static double Temperature(int number) => File.Double($"{number}.temperature")[0];

    private static List<(int Query, int Row)> Masked(int number) =>
        [.. File.Int64($"{number}.masked").Chunk(2).Select(pair => ((int)pair[0], (int)pair[1]))];

    private static Tensor Rows(int number, string name, int rows) => tensor(File.Double($"{number}.{name}"), [rows, Width]);
}
