namespace OrleansContrastive.Cli.Pictures;

/// <summary>Draws pixels, smoothed at the edges: a pixel takes as much of a colour as the shape comes near its middle.</summary>
/// <param name="picture">What is drawn on.</param>
/// <param name="scale">Pixels of a point.</param>
internal sealed class RasterCanvas(Picture picture, double scale) : ICanvas
{
    // Of a text's size: a font's capitals are about so high, and a stroke so wide.
    private const double CapitalShare = 0.72;
    private const double StrokeShare = 0.095;
    private const double BoldShare = 0.15;

    /// <summary>Width that a text takes, in points.</summary>
    public static double WidthOf(string text, double size) => Glyphs.Width(text) * size * CapitalShare / Glyphs.CapHeight;

    /// <inheritdoc/>
    public void Box(double x, double y, double width, double height, Colour colour)
    {
        var (left, top, right, bottom) = (x * scale, y * scale, (x + width) * scale, (y + height) * scale);
        for (var row = (int)Math.Floor(top); row < bottom; row++)
        {
            for (var column = (int)Math.Floor(left); column < right; column++)
                picture.Mix(column, row, colour, Covered(column, left, right) * Covered(row, top, bottom));
        }
    }

    /// <inheritdoc/>
    public void Line(IReadOnlyList<(double X, double Y)> points, Colour colour, double width)
    {
        for (var i = 1; i < points.Count; i++) Stroke(points[i - 1], points[i], width / 2, colour, 1);
    }

    /// <inheritdoc/>
    public void Dot(double x, double y, double radius, Colour colour, double opacity) => Stroke((x, y), (x, y), radius, colour, opacity);

    /// <inheritdoc/>
    public void Text(double x, double y, string text, double size, Colour colour, Anchor anchor, bool bold)
    {
        var unit = size * CapitalShare / Glyphs.CapHeight;
        var left = x - (anchor switch { Anchor.Middle => 0.5, Anchor.End => 1, _ => 0 } * WidthOf(text, size));
        var half = size * (bold ? BoldShare : StrokeShare) / 2;
        foreach (var stroke in Glyphs.Of(text))
        {
            var points = stroke.Select(point => (left + (point.X * unit), y - (point.Y * unit))).ToArray();
            if (points.Length == 1 || points.All(point => point == points[0])) Stroke(points[0], points[0], half * 1.5, colour, 1);
            for (var i = 1; i < points.Length; i++) Stroke(points[i - 1], points[i], half, colour, 1);
        }
    }

    // A line with round ends; of length 0 a disc.
    private void Stroke((double X, double Y) from, (double X, double Y) to, double halfWidth, Colour colour, double opacity)
    {
        var (ax, ay, bx, by, reach) = (from.X * scale, from.Y * scale, to.X * scale, to.Y * scale, (halfWidth * scale) + 0.5);
        var (dx, dy) = (bx - ax, by - ay);
        var length = (dx * dx) + (dy * dy);
        for (var row = (int)Math.Floor(Math.Min(ay, by) - reach); row <= Math.Max(ay, by) + reach; row++)
        {
            for (var column = (int)Math.Floor(Math.Min(ax, bx) - reach); column <= Math.Max(ax, bx) + reach; column++)
            {
                var (px, py) = (column + 0.5 - ax, row + 0.5 - ay);
                var along = length > 0 ? Math.Clamp(((px * dx) + (py * dy)) / length, 0, 1) : 0;
                var distance = Math.Sqrt(Math.Pow(px - (along * dx), 2) + Math.Pow(py - (along * dy), 2));
                picture.Mix(column, row, colour, Math.Clamp(reach - distance, 0, 1) * opacity);
            }
        }
    }

    private static double Covered(int pixel, double from, double to) => Math.Clamp(Math.Min(pixel + 1, to) - Math.Max(pixel, from), 0, 1);
}
