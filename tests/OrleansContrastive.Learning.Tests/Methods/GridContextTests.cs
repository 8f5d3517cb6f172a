using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>CPC foretells rows that its context must not have seen.</summary>
public sealed class GridContextTests
{
    private const int Side = 6, Width = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_lies_below_or_right_of_a_patch_does_not_change_the_context_above(bool normalises)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        using var context = new GridContext(new(new() { Precision = Precision.Float64 }, seed: 3), Width, steps: 2, normalises);
        var values = Pattern.Double(Side * Side * Width, 5);
        var before = Contexts(values);
        for (var place = 0; place < Side * Side; place++)
        {
            var changed = (double[])values.Clone();
            for (var feature = 0; feature < Width; feature++) changed[(place * Width) + feature] += feature - 1.7;
            var after = Contexts(changed);
            double Change(int other) => Enumerable.Range(other * Width, Width).Max(element => Math.Abs(after[element] - before[element]));

            // Two layers of 3 x 3 taps, so it reaches four rows down and two places to either side, and never up.
            for (var other = 0; other < Side * Side; other++)
            {
                var (down, aside) = ((other / Side) - (place / Side), Math.Abs((other % Side) - (place % Side)));
                if (down is < 0 or > 4 || aside > 2) Assert.Equal(0, Change(other), 1e-13);
            }

            Assert.True(Change(place) > 1e-3, $"Patch {place} does not change its own context.");
        }

        double[] Contexts(double[] grid) => Numbers.From(context.forward(tensor(grid, [1, Side, Side, Width])));
    }

    [Theory]
    [InlineData(1, 2, 0)]
    [InlineData(1, 3, 1)]
    [InlineData(4, 2, 2)]
    public void Every_step_tells_the_patch_so_many_rows_below_from_all_that_lie_there(int directions, int steps, int skip)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(directions == 4 ? "cpc-v2" : "cpc", $$"""{"patch":8,"stride":4,"steps":{{steps}},"skip":{{skip}},"patchAugmentation":false}""", temperature: 0.5, images: 3);
        using var scope = NewDisposeScope();
        using var plain = bench.Method.Encode(new() { Network = bench.Model, Views = [bench.Views[0]], SampleIds = bench.Ids, Labels = [], Position = new(3, 0, 0) });
        var result = bench.Method.Loss(plain, new());
        var context = bench.Model.Part<GridContext>("context");
        var grid = plain.Outputs[0];
        var rows = (int)grid.shape[1];
        Assert.Equal(5, rows);

        double loss = 0, chance = 0;
        for (var direction = 0; direction < directions; direction++)
        {
            var turned = direction switch { 0 => grid, 1 => grid.flip(1), 2 => grid.transpose(1, 2), _ => grid.transpose(1, 2).flip(1) };
            var (seen, wanted) = (context.forward(turned), context.Norm(turned));
            for (var step = 0; step < steps; step++)
            {
                var below = skip + step + 1;
                (int Image, int Row, int Column)[] places = [.. from image in Enumerable.Range(0, 3) from row in Enumerable.Range(0, rows - below) from column in Enumerable.Range(0, rows) select (image, row, column)];
                double[][] foretold = [.. places.Select(at => Numbers.From(context.Predict(seen[at.Image, at.Row, at.Column].unsqueeze(0), step)))];
                double[][] there = [.. places.Select(at => Numbers.From(wanted[at.Image, at.Row + below, at.Column]))];
                loss += places.Select((_, i) => Math.Log(there.Sum(other => Math.Exp((Dot(foretold[i], other) - Dot(foretold[i], there[i])) / 0.5)))).Average() / (directions * steps);
                chance += Math.Log(places.Length) / (directions * steps);
            }
        }

        Assert.Equal(loss, result.Scalar!.item<float>(), 1e-4);
        Assert.Equal(chance, result.Meters.ChanceLevel, 1e-9);

        static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
    }

    [Fact]
    public void More_rows_skipped_than_there_are_are_refused()
    {
        var problem = Assert.Throws<ArgumentException>(() => new Workbench("cpc", """{"patch":8,"stride":4,"skip":4}"""));
        Assert.Contains("make 5 rows of a view of 24; expected 6 or more", problem.Message, StringComparison.Ordinal);
    }
}
