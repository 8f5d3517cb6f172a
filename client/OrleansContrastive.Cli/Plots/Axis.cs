using System.Globalization;

namespace OrleansContrastive.Cli.Plots;

/// <summary>A range of numbers with round ticks, and where each lies on paper.</summary>
internal sealed class Axis
{
    private readonly double _from;
    private readonly double _to;

    /// <summary>An axis over all values that are finite.</summary>
    /// <param name="values">What shall find place.</param>
    /// <param name="from">Where the least value lies, in points.</param>
    /// <param name="to">Where the greatest lies.</param>
    /// <param name="fromZero">Whether it begins at 0.</param>
    /// <param name="ticks">About how many ticks.</param>
    /// <param name="tight">Whether it ends with the greatest value rather than with a tick.</param>
    public Axis(IEnumerable<double> values, double from, double to, bool fromZero, int ticks = 5, bool tight = false)
    {
        (_from, _to) = (from, to);
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var (least, most) = (fromZero ? Math.Min(0, finite.Min()) : finite.Min(), finite.Max());
        if (most - least < 1e-9 * Math.Max(1, Math.Abs(most))) most = least + 1;
        var step = RoundStep((most - least) / ticks);
        (Least, Most) = (Math.Floor(least / step) * step, Math.Ceiling((most / step) - 1e-9) * step);
        if (tight) Most = most;
        Ticks = [.. Enumerable.Range(0, (int)Math.Floor(((Most - Least) / step) + 1e-9) + 1).Select(i => Least + (i * step))];
    }

    /// <summary>The first tick.</summary>
    public double Least { get; }

    /// <summary>The last tick, or what it ends with.</summary>
    public double Most { get; }

    /// <summary>Round numbers, ascending.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Where a value lies, in points.</summary>
    public double At(double value) => _from + ((_to - _from) * (Math.Clamp(value, Least, Most) - Least) / (Most - Least));

    /// <summary>A tick in a few characters: 0.25, 12, 50k, 1.2M.</summary>
    public static string Short(double value)
    {
        var (scaled, unit) = Math.Abs(value) switch
        {
            >= 1e9 => (value / 1e9, "G"),
            >= 1e6 => (value / 1e6, "M"),
            >= 1e4 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        return scaled.ToString("0.###", CultureInfo.InvariantCulture) + unit;
    }

    // 1, 2 or 5 times a power of ten, not below what is asked for.
    private static double RoundStep(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return power * (step / power) switch { <= 1.0001 => 1, <= 2.0001 => 2, <= 5.0001 => 5, _ => 10 };
    }
}
