using OrleansContrastive.Cli.Pictures;

namespace OrleansContrastive.Cli.Plots;

/// <summary>Points in the plane, coloured by class; both directions have one scale.</summary>
internal static class MapPanel
{
    private const double Padding = 10;

    // Single points far away must not shrink all the others.
    private const double Shown = 0.998;

    /// <summary>Draws into the frame.</summary>
    /// <param name="canvas">What is drawn on.</param>
    /// <param name="frame">Where; the title above the map is within.</param>
    /// <param name="title">What is shown.</param>
    /// <param name="places">[points x 2], flat.</param>
    /// <param name="labels">Class of each point; -1 where it has none.</param>
    /// <param name="classes">Number of classes.</param>
    public static void Draw(ICanvas canvas, Frame frame, string title, float[] places, int[] labels, int classes)
    {
        canvas.Text(frame.X + 4, frame.Y + 16, title, 14, Colour.Ink, bold: true);
        var inner = new Frame(frame.X + 4, frame.Y + 28, frame.Width - 8, frame.Height - 32);
        canvas.Line([(inner.X, inner.Y), (inner.Right, inner.Y), (inner.Right, inner.Bottom), (inner.X, inner.Bottom), (inner.X, inner.Y)], Colour.Faint, 1);

        var (left, right) = Range(places, 0);
        var (bottom, top) = Range(places, 1);
        var scale = Math.Min((inner.Width - (2 * Padding)) / (right - left), (inner.Height - (2 * Padding)) / (top - bottom));
        var radius = labels.Length switch { > 3000 => 1.5, > 1000 => 2.0, > 300 => 2.6, _ => 3.4 };
        // Interleaved, so that the last class does not lie on top of all others.
        foreach (var point in Enumerable.Range(0, labels.Length).OrderBy(point => ((uint)point * 2654435761u) & 0xffff))
        {
            var x = inner.X + (inner.Width / 2) + ((places[2 * point] - ((left + right) / 2)) * scale);
            var y = inner.Y + (inner.Height / 2) - ((places[(2 * point) + 1] - ((bottom + top) / 2)) * scale);
            if (x < inner.X + radius || x > inner.Right - radius || y < inner.Y + radius || y > inner.Bottom - radius) continue;
            canvas.Dot(x, y, radius, labels[point] < 0 ? Colour.Muted : Colour.Of(labels[point], classes), 0.75);
        }
    }

    private static (double From, double To) Range(float[] places, int direction)
    {
        var sorted = places.Where((_, i) => i % 2 == direction).Order().ToArray();
        var beyond = (int)(sorted.Length * (1 - Shown) / 2);
        var (from, to) = ((double)sorted[beyond], (double)sorted[^(1 + beyond)]);
        return to - from > 1e-12 ? (from, to) : (from - 0.5, from + 0.5);
    }
}
