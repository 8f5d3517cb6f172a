using System.Runtime.InteropServices;
using OrleansContrastive.Data.Augmentation;

namespace OrleansContrastive.Data.Tests.Augmentation;

public sealed class ViewAugmenterGoldenTests
{
    // The budget is 1/255 of the pixel range; what is really reached is this.
    private const double Tolerance = 0.1 / 255;

    public static TheoryData<string> Names => GoldenViews.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_view_equals_torchvisions(string name)
    {
        var golden = GoldenViews.Load(name);
        var view = MemoryMarshal.Cast<byte, float>(golden.Render());
        var plane = golden.Recipe.Size * golden.Recipe.Size;
        Assert.Equal(golden.Expected.Length, view.Length);
        for (var i = 0; i < view.Length; i++)
        {
            // Back in the range of pixels, whatever the normalization.
            var std = golden.Recipe.Std[golden.Recipe.Std.Length == 1 ? 0 : i / plane];
            var difference = Math.Abs(view[i] - golden.Expected[i]) * std;
            Assert.True(
                difference <= Tolerance,
                $"{name}: value {i} (plane {i / plane}, row {i % plane / golden.Recipe.Size}, "
                + $"column {i % golden.Recipe.Size}): expected {golden.Expected[i]}, found {view[i]}.");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Layouts_and_precisions_hold_the_same_values(string name)
    {
        var golden = GoldenViews.Load(name);
        var planar = MemoryMarshal.Cast<byte, float>(golden.Render()).ToArray();
        var interleaved = MemoryMarshal.Cast<byte, float>(golden.Render(ViewLayout.Nhwc)).ToArray();
        var (channels, plane) = (golden.Image.Channels, golden.Recipe.Size * golden.Recipe.Size);
        for (var i = 0; i < planar.Length; i++)
            Assert.Equal(planar[i], interleaved[(i % plane * channels) + (i / plane)]);

        foreach (var (layout, values) in new[] { (ViewLayout.Nchw, planar), (ViewLayout.Nhwc, interleaved) })
        {
            var rounded = MemoryMarshal.Cast<byte, ushort>(golden.Render(layout, ViewPrecision.BFloat16));
            Assert.Equal(values.Length, rounded.Length);
            for (var i = 0; i < values.Length; i++) Assert.Equal(NearestBFloat16(values[i]), rounded[i]);
        }
    }

    // By its definition: of the two neighbours, the nearer; of two equally near, the even one.
    private static ushort NearestBFloat16(float value)
    {
        var below = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        var above = (ushort)(below + 1);
        var toBelow = Math.Abs((double)value - FromBFloat16(below));
        var toAbove = Math.Abs((double)value - FromBFloat16(above));
        if (toBelow == toAbove) return below % 2 == 0 ? below : above;
        return toBelow < toAbove ? below : above;
    }

    private static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
