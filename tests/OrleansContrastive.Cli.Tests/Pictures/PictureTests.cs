using System.Xml.Linq;
using OrleansContrastive.Cli.Pictures;
using OrleansContrastive.Cli.Plots;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Cli.Tests.Pictures;

/// <summary>Pictures: as another decoder reads them, and what is drawn where.</summary>
public sealed class PictureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 5)]
    [InlineData(300, 2)]
    public async Task A_png_is_read_as_it_was_written(int width, int height)
    {
        var picture = new Picture(width, height, Colour.White);
        var random = new Random(width);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++) picture.Mix(x, y, new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)), 1);
        }

        using var file = new MemoryStream();
        await PngFile.WriteAsync(file, picture, Token);

        var read = new PixelBuffer();
        ImageDecoders.Default.Decode(file.ToArray(), read, DecodeOptions.Default);
        Assert.Equal((width, height, 3), (read.Width, read.Height, read.Channels));
        for (var y = 0; y < height; y++) Assert.Equal(picture.Row(y).ToArray(), read.Pixels.Slice(y * width * 3, width * 3).ToArray());
    }

    [Fact]
    public void Shapes_cover_the_pixels_that_they_lie_on()
    {
        var picture = new Picture(20, 10, Colour.White);
        var canvas = new RasterCanvas(picture, 2);
        canvas.Box(1, 1, 2, 1.25, new(0, 0, 0));

        // Two pixels a point: columns 2 to 5, rows 2 and 3 whole, row 4 by half.
        Assert.Equal([255, 255, 0, 0, 0, 0, 255], Reds(picture, 2, 7));
        Assert.Equal([255, 255, 0, 0, 0, 0, 255], Reds(picture, 3, 7));
        Assert.Equal([255, 255, 128, 128, 128, 128, 255], Reds(picture, 4, 7));
        Assert.All(Reds(picture, 5, 20), red => Assert.Equal(255, red));
        // What lies outside is left out.
        canvas.Line([(-5, 4), (50, 4)], new(10, 0, 0), 1);
        canvas.Dot(100, 100, 3, Colour.Ink, 1);
        Assert.All(Reds(picture, 8, 20), red => Assert.Equal(10, red));
    }

    [Fact]
    public void Every_letter_of_class_names_and_numbers_is_known_and_takes_place()
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-+=/%()<>_'#*?!";
        foreach (var letter in Letters)
        {
            Assert.NotEqual(Glyphs.Of("\u4e00").SelectMany(stroke => stroke), Glyphs.Of(letter.ToString()).SelectMany(stroke => stroke));
            Assert.True(Glyphs.Of(letter.ToString()).Any(), $"'{letter}' has no stroke.");
            Assert.All(Glyphs.Of(letter.ToString()).SelectMany(stroke => stroke), point => Assert.InRange(point.Y, -2, 7));
        }

        Assert.True(Glyphs.Width("mm") > Glyphs.Width("ii"));
        Assert.Equal(0, Glyphs.Width(""));
    }

    [Theory]
    [InlineData(0, 48000, "0,20k,40k")]
    [InlineData(0.1, 0.38, "0.1,0.2,0.3,0.4")]
    [InlineData(-3, 3, "-4,-2,0,2,4")]
    [InlineData(5, 5, "5,5.2,5.4,5.6,5.8,6")]
    public void Ticks_are_round_and_hold_all_values(double least, double most, string ticks)
    {
        var axis = new Axis([least, most, double.NaN, double.PositiveInfinity], 0, 100, fromZero: false, ticks: least == 0 ? 4 : 5, tight: least == 0);

        Assert.Equal(ticks, string.Join(',', axis.Ticks.Select(Axis.Short)));
        Assert.Equal((0, 100), (axis.At(axis.Least), axis.At(axis.Most)));
        Assert.InRange(least, axis.Least, axis.Most);
        Assert.InRange(most, axis.Least, axis.Most);
    }

    [Fact]
    public void A_plot_is_drawn_alike_on_both_canvases_and_text_is_escaped()
    {
        var plot = new RunPlot
        {
            Title = "a < b & c",
            History = [.. Enumerable.Range(1, 50).Select(i => new Contracts.Runs.RunPoint(i * 10, 1, i == 20 ? double.NaN : 5.0 / i, 4, 0.1, i % 3, 1))],
            Verdicts = [new(100, 10, 10, 0.5, 0.6), new(500, 10, 10, 0.55, 0.7)],
            Principal = [.. Enumerable.Range(0, 40).Select(i => (float)Math.Sin(i))],
            Explained = 0.5,
            Neighbours = new float[40],
            Labels = [.. Enumerable.Range(0, 20).Select(i => (i % 13) - 1)],
            ClassNames = ["one"],
            Images = "20 images",
        };
        var svg = new SvgCanvas(RunPlot.Width, RunPlot.Height);
        plot.Draw(svg);
        var drawn = XDocument.Parse(svg.End());
        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Contains(drawn.Descendants(ns + "text"), text => text.Value == "a < b & c");
        Assert.Equal(4 + 40 + 12, drawn.Descendants(ns + "circle").Count());
        // A value that is none parts the line.
        Assert.Equal(2, drawn.Descendants(ns + "polyline").Count(line => (string?)line.Attribute("stroke") == Colour.Series[0].ToString() && ((string)line.Attribute("points")!).Split(' ').Length > 10));

        var picture = new Picture(RunPlot.Width, RunPlot.Height, Colour.White);
        plot.Draw(new RasterCanvas(picture, 1));
        var first = drawn.Descendants(ns + "circle").First();
        var pixel = picture.Row((int)(double)first.Attribute("cy")!).Slice(3 * (int)(double)first.Attribute("cx")!, 3).ToArray();
        Assert.Equal((string)first.Attribute("fill")!, new Colour(pixel[0], pixel[1], pixel[2]).ToString());
    }

    [Fact]
    public void The_nearest_images_are_those_of_a_full_sort_in_whatever_order_they_come()
    {
        var random = new Random(2);
        float[] Unit() => [.. Enumerable.Range(0, 4).Select(_ => (float)Math.Round(random.NextDouble() - 0.5, 1))];
        float[][] queries = [Unit(), Unit()];
        float[][] rows = [.. Enumerable.Range(0, 60).Select(_ => Unit())];
        var nearest = new NearestImages(queries, 7, row => [row == 5, false]);

        foreach (var first in new[] { 40, 0, 20 }) nearest.Offer(first, [.. rows.Skip(first).Take(20).SelectMany(row => row)]);

        for (var query = 0; query < 2; query++)
        {
            var expected = Enumerable.Range(0, 60).Where(row => query == 1 || row != 5)
                .OrderByDescending(row => System.Numerics.Tensors.TensorPrimitives.Dot<float>(rows[row], queries[query])).ThenBy(row => row).Take(7);
            Assert.Equal(expected, nearest.Best(query).Select(found => found.Row));
        }
    }

    private static int[] Reds(Picture picture, int row, int count) => [.. Enumerable.Range(0, count).Select(x => (int)picture.Row(row)[3 * x])];
}
