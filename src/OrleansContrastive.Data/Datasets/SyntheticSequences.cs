using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// A blob that moves across a noisy background in the direction of its class: four frames of half the image's side, two by two, row
/// by row. Place, colour and brightness are the image's own. Classes 10 to 19 move as 0 to 9 do, backwards; every 20 more are slower.
/// </summary>
internal sealed class SyntheticSequences : GeneratedDataset
{
    // Places are counted in 1/256 of a pixel.
    private const int Unit = 256;

    private readonly int _side;

    public SyntheticSequences(string name, SyntheticOptions options, bool test)
        : base(name, "synthetic-sequences 1", "direction", options, test)
    {
        Require(options.Size >= 8 && options.Size % 2 == 0, nameof(options.Size), options.Size, "even and 8 or more, two frames side by side");
        Require(options.Classes <= 60, nameof(options.Classes), options.Classes, "at most 60, of ten directions, back and forth, and three speeds");
        _side = options.Size / 2;
    }

    protected override void Draw(PixelBuffer target, int label, ref PhiloxStream random)
    {
        var (directionX, directionY) = SyntheticDataset.Directions[label % 10];
        if (label / 10 % 2 == 1) (directionX, directionY) = (-directionX, -directionY);
        // From frame to frame a fifth of a frame, so that the way of the blob is three fifths long and stays within.
        var step = _side * Unit * (5 - label / 20) / 25;
        var jitter = _side * Unit / 8;
        var centreX = _side * Unit / 2 + random.NextInt(2 * jitter + 1) - jitter;
        var centreY = _side * Unit / 2 + random.NextInt(2 * jitter + 1) - jitter;
        var ground = 70 + random.NextInt(41);
        Span<int> heights = stackalloc int[Channels];
        foreach (ref var height in heights) height = 80 + random.NextInt(66);
        for (var frame = 0; frame < 4; frame++)
        {
            var way = (2 * frame - 3) * step;
            var (x, y) = (centreX + way * directionX / 32, centreY + way * directionY / 32);
            Frame(target, frame, (x, y), ground, heights, ref random);
        }
    }

    private void Frame(PixelBuffer target, int frame, (int X, int Y) blob, int ground, ReadOnlySpan<int> heights, ref PhiloxStream random)
    {
        var radius = 3L * _side * Unit / 16;
        var pixels = target.Pixels;
        for (var y = 0; y < _side; y++)
        {
            var at = ((frame / 2 * _side + y) * Width + frame % 2 * _side) * Channels;
            for (var x = 0; x < _side; x++)
            {
                long right = x * Unit + Unit / 2 - blob.X, down = y * Unit + Unit / 2 - blob.Y;
                var weight = (int)(Math.Max(0, radius * radius - right * right - down * down) * 255 / (radius * radius));
                var noise = random.NextUInt32();
                foreach (var height in heights)
                {
                    pixels[at++] = Noisy(ground + height * weight / 255, noise);
                    noise >>= 10;
                }
            }
        }
    }
}
