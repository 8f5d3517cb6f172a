using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Losses;

/// <summary>NT-Xent with the rows of a memory beside the batch, written down naively.</summary>
public sealed class NtXentMemoryTests
{
    private const int Images = 4, Rows = 7, Width = 6;
    private const double T = 0.3;

    private static readonly (int Image, int Row)[] Own = [(0, 2), (3, 2), (1, 6)];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Value_and_slope_are_those_of_the_formula(bool masks)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (batch, memory) = (Unit(2 * Images, 1), Unit(Rows, 2));
        var excluded = masks ? Own : [];
        var mask = new bool[Images * Rows];
        foreach (var (image, row) in excluded) mask[(image * Rows) + row] = true;

        var rows = Of(batch).requires_grad_();
        var remembered = Of(memory).requires_grad_();
        var loss = NtXent.Loss(rows.narrow(0, 0, Images), rows.narrow(0, Images, Images), T, remembered, masks ? tensor(mask, [Images, Rows]) : null);
        loss.backward();

        Assert.Equal(Naive(batch, memory, excluded), loss.item<double>(), 1e-12);
        Assert.Null(remembered.grad);
        var gradient = rows.grad!.data<double>().ToArray();
        const double Step = 1e-6;
        for (var i = 0; i < gradient.Length; i++)
        {
            var (row, place) = (i / Width, i % Width);
            var here = batch[row][place];
            batch[row][place] = here + Step;
            var above = Naive(batch, memory, excluded);
            batch[row][place] = here - Step;
            Assert.Equal((above - Naive(batch, memory, excluded)) / (2 * Step), gradient[i], 1e-8);
            batch[row][place] = here;
        }
    }

    [Fact]
    public void The_newest_rows_come_whatever_the_ring_and_own_images_are_found()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var memory = Unit(9, 2);
        var ring = new KeyQueue(5, Width, ScalarType.Float64);
        for (var row = 0; row < memory.Length; row++) ring.Append(System.Runtime.InteropServices.MemoryMarshal.AsBytes(memory[row].AsSpan()).ToArray(), [100 + row], default);

        var columns = MemoryColumns.Newest(ring, 3, [107, 5, 108, 105], ones(1, ScalarType.Float64))!;

        Assert.Equal([3, Width], columns.Rows.shape);
        var order = Enumerable.Range(0, 3).Select(at => Array.FindIndex(memory, row => Math.Abs(row[0] - columns.Rows[at, 0].item<double>()) < 1e-12)).ToArray();
        Assert.Equal([6, 7, 8], order.Order());
        var own = columns.Own!.data<bool>().ToArray();
        for (var sample = 0; sample < 4; sample++)
        {
            for (var at = 0; at < 3; at++) Assert.Equal((sample, order[at]) is (0, 7) or (2, 8), own[(sample * 3) + at]);
        }

        Assert.Null(MemoryColumns.Newest(ring, 3, [5, 6], ones(1))!.Own);
        Assert.Null(MemoryColumns.Newest(new KeyQueue(5, Width, ScalarType.Float64), 3, [5, 6], ones(1)));
        Assert.Contains("0 to 4", Assert.Throws<ArgumentException>(() => new SimClr(new() { QueueLength = 4 }, new() { MemoryRows = 5 })).Message, StringComparison.Ordinal);
    }

    private static double Naive(double[][] batch, double[][] memory, (int Image, int Row)[] excluded)
    {
        var sum = 0.0;
        for (var i = 0; i < batch.Length; i++)
        {
            var partner = (i + Images) % batch.Length;
            var all = Enumerable.Range(0, batch.Length).Where(other => other != i).Sum(other => Math.Exp(Dot(batch[i], batch[other]) / T))
                + Enumerable.Range(0, memory.Length).Where(row => !excluded.Contains((i % Images, row))).Sum(row => Math.Exp(Dot(batch[i], memory[row]) / T));
            sum += Math.Log(all) - (Dot(batch[i], batch[partner]) / T);
        }

        return sum / batch.Length;
    }

    private static Tensor Of(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, Width]);

    private static double Dot(double[] a, double[] b) => a.Zip(b).Sum(pair => pair.First * pair.Second);

    private static double[][] Unit(int rows, ulong seed) => [.. Enumerable.Range(0, rows).Select(row =>
    {
        var values = Pattern.Double(Width, (seed * 100) + (ulong)row);
        var length = Math.Sqrt(Dot(values, values));
        return Array.ConvertAll(values, value => value / length);
    })];
}
