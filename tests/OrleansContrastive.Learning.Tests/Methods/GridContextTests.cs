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
}
