using System.Globalization;
using System.Text;

namespace OrleansContrastive.Cli.Experiments;

/// <summary>The experiment as a picture: for each setting a group of bars, speed above and accuracy below, with the seeds' range.</summary>
internal static class AsynchronyPlot
{
    private const int Width = 760;
    private const int Panel = 190;
    private const int Left = 64;
    private const int Top = 44;
    private const int Gap = 56;
    private static readonly (string Mode, string Colour)[] Modes = [("lockstep", "#4e79a7"), ("bounded", "#f28e2b"), ("unbounded", "#59a14f")];

    /// <summary>An SVG of its own, readable on light and dark ground.</summary>
    public static string Svg(IReadOnlyList<AsynchronyRun> runs)
    {
        var height = Top + (2 * Panel) + Gap + 48;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        for (var i = 0; i < Modes.Length; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left + (i * 130)}\" y=\"12\" width=\"14\" height=\"14\" fill=\"{Modes[i].Colour}\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + 20 + (i * 130)}\" y=\"24\">{Modes[i].Mode}</text>\n");
        }

        Draw(svg, runs, Top, "images/s", run => run.ImagesPerSecond, fromZero: true);
        Draw(svg, runs, Top + Panel + Gap, "kNN, %", run => 100 * run.Knn, fromZero: false);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, IReadOnlyList<AsynchronyRun> runs, int top, string label, Func<AsynchronyRun, double> value, bool fromZero)
    {
        var (least, most) = (runs.Min(value), runs.Max(value));
        var low = fromZero ? 0 : Math.Floor(least - 1);
        var high = fromZero ? most * 1.05 : Math.Ceiling(most);
        var groups = runs.GroupBy(run => run.Setting).ToList();
        var wide = (Width - Left - 16) / groups.Count;
        double Y(double at) => top + Panel - (Panel * (at - low) / (high - low));

        for (var tick = 0; tick <= 4; tick++)
        {
            var at = low + ((high - low) * tick / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - 16}\" y1=\"{Y(at):F1}\" y2=\"{Y(at):F1}\" stroke=\"#dddddd\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(at) + 4:F1}\" text-anchor=\"end\">{at.ToString(fromZero ? "F0" : "0.#", CultureInfo.InvariantCulture)}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{top - 8}\" font-weight=\"bold\">{label}</text>\n");
        for (var group = 0; group < groups.Count; group++)
        {
            var x = Left + (group * wide);
            for (var mode = 0; mode < Modes.Length; mode++)
            {
                var values = groups[group].Where(run => run.Consistency == Modes[mode].Mode).Select(value).ToList();
                if (values.Count == 0) continue;
                var (bar, middle) = (x + 16 + (mode * 56), x + 16 + (mode * 56) + 22);
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{bar}\" y=\"{Y(values.Average()):F1}\" width=\"44\" height=\"{Y(low) - Y(values.Average()):F1}\" fill=\"{Modes[mode].Colour}\"/>")
                    .Append(CultureInfo.InvariantCulture, $"<line x1=\"{middle}\" x2=\"{middle}\" y1=\"{Y(values.Min()):F1}\" y2=\"{Y(values.Max()):F1}\" stroke=\"#222222\" stroke-width=\"2\"/>\n");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 16 + 78}\" y=\"{top + Panel + 20}\" text-anchor=\"middle\">{groups[group].Key}</text>\n");
        }
    }
}
