using System.Globalization;
using System.Security;
using System.Text;

namespace OrleansContrastive.Cli.Pictures;

/// <summary>Draws an SVG, on white, so that it can be read on any page.</summary>
internal sealed class SvgCanvas : ICanvas
{
    private readonly StringBuilder _svg = new();

    /// <summary>An empty canvas.</summary>
    public SvgCanvas(double width, double height) => _svg
        .Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n")
        .Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");

    /// <summary>The whole file.</summary>
    public string End() => _svg.Append("</svg>\n").ToString();

    /// <inheritdoc/>
    public void Box(double x, double y, double width, double height, Colour colour) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" fill=\"{colour}\"/>\n");

    /// <inheritdoc/>
    public void Line(IReadOnlyList<(double X, double Y)> points, Colour colour, double width)
    {
        _svg.Append("<polyline points=\"");
        foreach (var (x, y) in points) _svg.Append(CultureInfo.InvariantCulture, $"{x:0.##},{y:0.##} ");
        _svg.Append(CultureInfo.InvariantCulture, $"\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:0.##}\" stroke-linejoin=\"round\"/>\n");
    }

    /// <inheritdoc/>
    public void Dot(double x, double y, double radius, Colour colour, double opacity) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" fill=\"{colour}\" fill-opacity=\"{opacity:0.##}\"/>\n");

    /// <inheritdoc/>
    public void Text(double x, double y, string text, double size, Colour colour, Anchor anchor, bool bold) => _svg
        .Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" font-size=\"{size:0.##}\" fill=\"{colour}\"")
        .Append(anchor == Anchor.Start ? "" : $" text-anchor=\"{anchor.ToString().ToLowerInvariant()}\"")
        .Append(bold ? " font-weight=\"bold\"" : "")
        .Append(CultureInfo.InvariantCulture, $">{SecurityElement.Escape(text)}</text>\n");
}
