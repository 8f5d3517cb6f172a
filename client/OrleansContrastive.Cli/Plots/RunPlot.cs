using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Pictures;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Plots;

/// <summary>A run on one sheet: its course above, a map of what its encoder makes of images below.</summary>
internal sealed record RunPlot
{
    private const double Margin = 16;
    private const double Heading = 50;
    private const double CourseHeight = 260;
    private const double MapHeight = 560;
    private const double LegendHeight = 56;
    private const int StalenessPoints = 48;

    /// <summary>Width in points.</summary>
    public const int Width = 1120;

    /// <summary>Height in points.</summary>
    public const int Height = (int)(Heading + CourseHeight + MapHeight + LegendHeight + Margin);

    /// <summary>One line above all.</summary>
    public required string Title { get; init; }

    /// <summary>The run's course.</summary>
    public required IReadOnlyList<RunPoint> History { get; init; }

    /// <summary>Its verdicts.</summary>
    public required IReadOnlyList<NotedVerdict> Verdicts { get; init; }

    /// <summary>Places of the images on their principal axes, [points x 2].</summary>
    public required float[] Principal { get; init; }

    /// <summary>Share of the variance along these two.</summary>
    public required double Explained { get; init; }

    /// <summary>Places by t-SNE.</summary>
    public required float[] Neighbours { get; init; }

    /// <summary>Class of each image; -1 where it has none.</summary>
    public required int[] Labels { get; init; }

    /// <summary>Names of the classes.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>What the images are.</summary>
    public required string Images { get; init; }

    /// <summary>Draws the sheet.</summary>
    public void Draw(ICanvas canvas)
    {
        const string NoCourse = "this checkpoint holds no course";
        canvas.Text(Margin + 4, 30, Title, 17, Colour.Ink, bold: true);
        canvas.Text(Width - Margin - 6, 30, $"features of {Images}", 13, Colour.Muted, Anchor.End);
        var third = (Width - (2 * Margin)) / 3;
        Frame Course(int column) => new(Margin + (column * third), Heading, third, CourseHeight);
        LinePanel.Draw(canvas, Course(0), "Loss", "samples", [Line("loss", 0, point => point.Loss), Line("chance", 9, point => point.ChanceLevel) with { Dashed = true }], fromZero: false, NoCourse);
        LinePanel.Draw(canvas, Course(1), "kNN top-1, %", "samples", [Judged("k = 200", 1, verdict => verdict.KnnTop1), Judged("k = 20", 2, verdict => verdict.Knn20Top1)], fromZero: false, "no verdict was noted");
        LinePanel.Draw(canvas, Course(2), "Staleness, versions", "samples", [Smooth("gradients", 3, point => point.Staleness), Smooth("keys", 4, point => point.KeyLag)], fromZero: true, NoCourse);

        var half = (Width - (2 * Margin)) / 2;
        Frame Map(int column) => new(Margin + (column * half), Heading + CourseHeight, half - 4, MapHeight);
        var classes = Math.Max(ClassNames.Count, Labels.DefaultIfEmpty(-1).Max() + 1);
        MapPanel.Draw(canvas, Map(0), FormattableString.Invariant($"Features, principal axes ({100 * Explained:0} % of the variance)"), Principal, Labels, classes);
        MapPanel.Draw(canvas, Map(1), "Features, t-SNE", Neighbours, Labels, classes);
        Legend(canvas, Heading + CourseHeight + MapHeight + 20, classes);
    }

    // Before the first negatives there is nothing to tell apart.
    private IEnumerable<RunPoint> Contrasted => History.SkipWhile(point => point.ChanceLevel == 0 && History[^1].ChanceLevel > 0);

    private Series Line(string name, int colour, Func<RunPoint, double> value) =>
        new(name, Colour.Series[colour], [.. Contrasted.Select(point => ((double)point.Samples, value(point)))]);

    // Whole numbers that jump up and down; their mean is what counts.
    private Series Smooth(string name, int colour, Func<RunPoint, double> value) =>
        new(name, Colour.Series[colour], [.. History.Chunk(Math.Max(1, History.Count / StalenessPoints)).Select(part => ((double)part[^1].Samples, part.Sum(point => value(point) * point.Commits) / part.Sum(point => point.Commits)))]);

    private Series Judged(string name, int colour, Func<NotedVerdict, double> value) =>
        new(name, Colour.Series[colour], [.. Verdicts.Select(verdict => ((double)verdict.Samples, 100 * value(verdict)))], Dots: true);

    private void Legend(ICanvas canvas, double y, int classes)
    {
        var x = Margin + 8;
        foreach (var label in Labels.Where(label => label >= 0).Distinct().Order())
        {
            var name = label < ClassNames.Count ? ClassNames[label] : FormattableString.Invariant($"class {label}");
            var width = RasterCanvas.WidthOf(name, 12) + 34;
            if (x + width > Width - Margin)
            {
                (x, y) = (Margin + 8, y + 20);
                if (y > Height - 10) break;
            }

            canvas.Dot(x + 4, y - 4, 4.5, Colour.Of(label, classes), 1);
            canvas.Text(x + 13, y, name, 12, Colour.Ink);
            x += width;
        }
    }
}
