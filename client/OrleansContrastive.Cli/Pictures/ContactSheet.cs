using System.Globalization;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Cli.Pictures;

/// <summary>An image on a contact sheet, and what stands below it.</summary>
/// <param name="Dataset">Where it is read from.</param>
/// <param name="Index">Its place there.</param>
/// <param name="Title">The first line.</param>
/// <param name="Note">The second line.</param>
/// <param name="Agrees">Whether its class is the query's; null where that is not known.</param>
internal sealed record SheetImage(IImageDataset Dataset, int Index, string Title, string Note, bool? Agrees);

/// <summary>Rows of images: a query at the left, what is nearest to it beside it.</summary>
internal static class ContactSheet
{
    private const int Cell = 112;
    private const int Gap = 12;
    private const int Margin = 20;
    private const int Caption = 34;
    private const int Heading = 40;
    private const int QueryGap = 22;
    private const int Frame = 3;
    private const double TextSize = 12;

    /// <summary>Draws the sheet.</summary>
    /// <param name="rows">The query first in each.</param>
    /// <param name="heading">One line above all.</param>
    public static Picture Draw(IReadOnlyList<IReadOnlyList<SheetImage>> rows, string heading)
    {
        var columns = rows.Max(row => row.Count);
        var width = Math.Max((2 * Margin) + (columns * (Cell + Gap)) - Gap + QueryGap, (2 * Margin) + (int)RasterCanvas.WidthOf(heading, 14));
        var picture = new Picture(width, Heading + Margin + (rows.Count * (Cell + Caption + Gap)), Colour.White);
        var canvas = new RasterCanvas(picture, 1);
        canvas.Text(Margin, 28, heading, 14, Colour.Ink, Anchor.Start, bold: true);
        var buffer = new PixelBuffer();
        for (var row = 0; row < rows.Count; row++)
        {
            var top = Heading + (row * (Cell + Caption + Gap));
            for (var column = 0; column < rows[row].Count; column++)
            {
                var image = rows[row][column];
                var left = Margin + (column * (Cell + Gap)) + (column > 0 ? QueryGap : 0);
                var frame = image.Agrees switch { true => Colour.Right, false => Colour.Wrong, null => column == 0 ? Colour.Ink : Colour.Faint };
                image.Dataset.Read(image.Index, buffer);
                Paste(picture, canvas, frame, buffer, left, top);
                canvas.Text(left + (Cell / 2.0), top + Cell + 17, Fit(image.Title), TextSize, Colour.Ink, Anchor.Middle, bold: false);
                canvas.Text(left + (Cell / 2.0), top + Cell + 32, Fit(image.Note), TextSize - 1, Colour.Muted, Anchor.Middle, bold: false);
            }
        }

        return picture;
    }

    /// <summary>A similarity as it stands below an image.</summary>
    public static string Similarity(float value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Fit(string text)
    {
        while (text.Length > 1 && RasterCanvas.WidthOf(text, TextSize) > Cell + Gap - 4) text = text[..^2] + ".";
        return text;
    }

    // Small images grow in whole pixels, large ones are averaged; their shape stays.
    private static void Paste(Picture picture, RasterCanvas canvas, Colour frame, PixelBuffer image, int left, int top)
    {
        var larger = Math.Max(image.Width, image.Height);
        var grows = larger <= Cell ? Cell / larger : 0;
        var (width, height) = grows > 0 ? (image.Width * grows, image.Height * grows) : (Math.Max(1, image.Width * Cell / larger), Math.Max(1, image.Height * Cell / larger));
        var (startX, startY) = (left + ((Cell - width) / 2), top + ((Cell - height) / 2));
        canvas.Box(startX - Frame, startY - Frame, width + (2 * Frame), height + (2 * Frame), frame);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                picture.Mix(startX + x, startY + y, Average(image, x * image.Width / width, Last(x, image.Width, width), y * image.Height / height, Last(y, image.Height, height)), 1);
        }

        static int Last(int at, int from, int to) => Math.Max((at * from / to) + 1, (at + 1) * from / to);
    }

    private static Colour Average(PixelBuffer image, int left, int right, int top, int bottom)
    {
        var (red, green, blue) = (0, 0, 0);
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var pixel = image.Pixels.Slice(((y * image.Width) + x) * image.Channels, image.Channels);
                red += pixel[0];
                green += pixel[image.Channels / 2];
                blue += pixel[image.Channels - 1];
            }
        }

        var count = (right - left) * (bottom - top);
        return new((byte)(red / count), (byte)(green / count), (byte)(blue / count));
    }
}
