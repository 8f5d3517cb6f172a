using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// One-dimensional signals of size x size samples, laid out row by row as a grey image. The shape of the wave and its period belong
/// to the class; phase, height and a few hundredths of the period are the signal's own, and its noise is louder than the wave. Always of
/// one channel.
/// </summary>
internal sealed class SyntheticSignals : GeneratedDataset
{
    private const int Shapes = 5;
    private const int Turn = 1 << 16;

    // In samples, √2 apart.
    private static readonly int[] Periods = [40, 28, 57, 20, 80];

    public SyntheticSignals(string name, SyntheticOptions options, bool test)
        : base(name, "synthetic-signals 1", "wave", options with { Channels = 1 }, test) =>
        Require(options.Classes <= Shapes * Periods.Length, nameof(options.Classes), options.Classes, $"at most {Shapes * Periods.Length}, of {Shapes} shapes and {Periods.Length} periods");

    protected override void Draw(PixelBuffer target, int label, ref PhiloxStream random)
    {
        // In 1/256 of a turn's 65,536th part; 4 % to either side.
        var pace = (long)Turn * 256 / Periods[label % Periods.Length] * (960 + random.NextInt(81)) / 1000;
        var phase = (long)random.NextInt(Turn) * 256;
        var height = 8 + random.NextInt(7);
        var pixels = target.Pixels;
        foreach (ref var pixel in pixels)
        {
            pixel = Noisy(128 + (height * Wave(label / Periods.Length, (int)(phase / 256 % Turn)) + Turn / 2 >> 16), random.NextUInt32());
            phase += pace;
        }
    }

    /// <summary>A wave of ±65,536 at a phase of 0 to 65,535.</summary>
    private static int Wave(int shape, int phase)
    {
        const int Half = Turn / 2;
        return shape switch
        {
            // Two parabolas: nearly a sine.
            0 => phase < Half ? Arch(phase) : -Arch(phase - Half),
            1 => phase < Half ? 4 * phase - Turn : 3 * Turn - 4 * phase,
            2 => 2 * phase - Turn,
            3 => phase < Half ? Turn : -Turn,
            // A pulse of an eighth, with its mean taken off.
            _ => phase < Turn / 8 ? Turn * 3 / 2 : -Turn / 4,
        };

        static int Arch(int phase) => (int)(4L * phase * (Half - phase) / (Half / 2));
    }
}
