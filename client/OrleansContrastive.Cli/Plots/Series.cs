using OrleansContrastive.Cli.Pictures;

namespace OrleansContrastive.Cli.Plots;

/// <summary>A line of a panel.</summary>
/// <param name="Name">What it is called beside it.</param>
/// <param name="Colour">Its colour.</param>
/// <param name="Points">From left to right; those that are not finite leave a gap.</param>
/// <param name="Dots">Whether every point is marked.</param>
/// <param name="Dashed">Whether it is only for orientation.</param>
internal sealed record Series(string Name, Colour Colour, IReadOnlyList<(double X, double Y)> Points, bool Dots = false, bool Dashed = false);

/// <summary>A rectangle on paper, in points.</summary>
internal readonly record struct Frame(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;

    public double Bottom => Y + Height;
}
