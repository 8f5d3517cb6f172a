namespace OrleansContrastive.Cli.Pictures;

/// <summary>Where the ends of a text lie by its point.</summary>
internal enum Anchor
{
    /// <summary>It begins there.</summary>
    Start,

    /// <summary>It lies around it.</summary>
    Middle,

    /// <summary>It ends there.</summary>
    End,
}

/// <summary>What plots are drawn on. Lengths in points from the top left.</summary>
internal interface ICanvas
{
    /// <summary>A filled rectangle.</summary>
    void Box(double x, double y, double width, double height, Colour colour);

    /// <summary>A line through points.</summary>
    void Line(IReadOnlyList<(double X, double Y)> points, Colour colour, double width);

    /// <summary>A filled disc.</summary>
    void Dot(double x, double y, double radius, Colour colour, double opacity);

    /// <summary>A line of text by its baseline.</summary>
    void Text(double x, double y, string text, double size, Colour colour, Anchor anchor = Anchor.Start, bool bold = false);
}
