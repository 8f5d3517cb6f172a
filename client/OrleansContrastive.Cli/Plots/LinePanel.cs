using OrleansContrastive.Cli.Pictures;

namespace OrleansContrastive.Cli.Plots;

/// <summary>Lines over a common axis, with a title, ticks and the lines' names.</summary>
internal static class LinePanel
{
    private const double TextSize = 12;
    private const double Dash = 6;

    /// <summary>Draws into the frame, in which the title and ticks find place too.</summary>
    /// <param name="canvas">What is drawn on.</param>
    /// <param name="frame">Where.</param>
    /// <param name="title">What is shown.</param>
    /// <param name="below">What the horizontal axis counts.</param>
    /// <param name="series">The lines; without any point the panel says <paramref name="nothing"/>.</param>
    /// <param name="fromZero">Whether the vertical axis begins at 0.</param>
    /// <param name="nothing">What is said where there is nothing.</param>
    public static void Draw(ICanvas canvas, Frame frame, string title, string below, IReadOnlyList<Series> series, bool fromZero, string nothing)
    {
        var inner = new Frame(frame.X + 46, frame.Y + 46, frame.Width - 62, frame.Height - 90);
        canvas.Text(frame.X + 4, frame.Y + 16, title, 14, Colour.Ink, bold: true);
        var points = series.SelectMany(line => line.Points).ToList();
        if (points.Count == 0)
        {
            canvas.Text(frame.X + (frame.Width / 2), frame.Y + (frame.Height / 2), nothing, TextSize, Colour.Muted, Anchor.Middle);
            return;
        }

        var across = new Axis(points.Select(point => point.X), inner.X, inner.Right, fromZero: true, ticks: 4, tight: true);
        var up = new Axis(points.Select(point => point.Y), inner.Bottom, inner.Y, fromZero);
        foreach (var tick in up.Ticks)
        {
            canvas.Line([(inner.X, up.At(tick)), (inner.Right, up.At(tick))], Colour.Faint, 1);
            canvas.Text(inner.X - 6, up.At(tick) + 4, Axis.Short(tick), TextSize, Colour.Muted, Anchor.End);
        }

        foreach (var tick in across.Ticks)
        {
            canvas.Line([(across.At(tick), inner.Bottom), (across.At(tick), inner.Bottom + 4)], Colour.Muted, 1);
            canvas.Text(across.At(tick), inner.Bottom + 18, Axis.Short(tick), TextSize, Colour.Muted, Anchor.Middle);
        }

        canvas.Line([(inner.X, inner.Bottom), (inner.Right, inner.Bottom)], Colour.Muted, 1);
        canvas.Text(inner.X + (inner.Width / 2), inner.Bottom + 36, below, TextSize, Colour.Muted, Anchor.Middle);
        foreach (var line in series) DrawLine(canvas, line, across, up);
        Names(canvas, frame, series);
    }

    private static void DrawLine(ICanvas canvas, Series line, Axis across, Axis up)
    {
        var part = new List<(double X, double Y)>();
        foreach (var (x, y) in line.Points.Append((0, double.NaN)))
        {
            if (double.IsFinite(y))
            {
                part.Add((across.At(x), up.At(y)));
                continue;
            }

            if (part.Count > 1 && line.Dashed) Dashes(canvas, part, line.Colour);
            else if (part.Count > 1) canvas.Line(part, line.Colour, 1.6);
            if (line.Dots || part.Count == 1)
            {
                foreach (var (dotX, dotY) in part) canvas.Dot(dotX, dotY, 3, line.Colour, 1);
            }

            part = [];
        }
    }

    // Every second piece of a fixed length, along the whole line.
    private static void Dashes(ICanvas canvas, List<(double X, double Y)> points, Colour colour)
    {
        var gone = 0.0;
        for (var i = 1; i < points.Count; i++)
        {
            var ((ax, ay), (bx, by)) = (points[i - 1], points[i]);
            var length = Math.Sqrt(((bx - ax) * (bx - ax)) + ((by - ay) * (by - ay)));
            for (var at = 0.0; at < length;)
            {
                var until = Math.Min(length, at + Dash - (gone % Dash));
                (double X, double Y) Along(double along) => (ax + ((bx - ax) * along / length), ay + ((by - ay) * along / length));
                if ((int)(gone / Dash) % 2 == 0) canvas.Line([Along(at), Along(until)], colour, 1.2);
                gone += Math.Max(until - at, 1e-6);
                at = Math.Max(until, at + 1e-6);
            }
        }
    }

    private static void Names(ICanvas canvas, Frame frame, IReadOnlyList<Series> series)
    {
        var x = frame.X + 46;
        foreach (var line in series.Where(line => line.Points.Count > 0))
        {
            canvas.Line([(x, frame.Y + 31), (x + 16, frame.Y + 31)], line.Colour, line.Dashed ? 1.2 : 2.4);
            canvas.Text(x + 21, frame.Y + 35, line.Name, TextSize - 1, Colour.Ink);
            x += 38 + RasterCanvas.WidthOf(line.Name, TextSize - 1) + 8;
        }
    }
}
