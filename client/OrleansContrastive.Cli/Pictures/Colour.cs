namespace OrleansContrastive.Cli.Pictures;

/// <summary>Red, green and blue.</summary>
internal readonly record struct Colour(byte Red, byte Green, byte Blue)
{
    public static readonly Colour White = new(255, 255, 255);
    public static readonly Colour Ink = new(0x22, 0x22, 0x22);
    public static readonly Colour Faint = new(0xdd, 0xdd, 0xdd);
    public static readonly Colour Muted = new(0x77, 0x77, 0x77);
    public static readonly Colour Right = new(0x2f, 0x8f, 0x46);
    public static readonly Colour Wrong = new(0xc8, 0x3c, 0x3c);

    /// <summary>Colours that people tell apart, also many who see few of them.</summary>
    public static IReadOnlyList<Colour> Series { get; } =
    [
        Parse("4e79a7"), Parse("f28e2b"), Parse("59a14f"), Parse("e15759"), Parse("b07aa1"), Parse("9c755f"),
        Parse("edc948"), Parse("ff9da7"), Parse("76b7b2"), Parse("8c8c8c"),
    ];

    /// <summary>The colour of the series of that number: beyond the distinct ones, shades around the circle of hues.</summary>
    public static Colour Of(int series, int of) => of <= Series.Count ? Series[series] : Hue(series / (double)of, series % 2 == 0 ? 0.75 : 0.5);

    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    private static Colour Parse(string hexadecimal) => Convert.FromHexString(hexadecimal) is [var red, var green, var blue] ? new(red, green, blue) : default;

    private static Colour Hue(double turn, double value)
    {
        byte Channel(double shift) => (byte)(255 * value * Math.Clamp(Math.Abs(((((turn + shift) % 1) * 6) - 3)) - 1, 0.15, 1));
        return new(Channel(0), Channel(2.0 / 3), Channel(1.0 / 3));
    }
}
