using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Data.Tests.Decoding;

/// <summary>Broken files of every format: each either decodes or is refused by name, and the process lives.</summary>
public sealed class MutationTests
{
    private const int Files = 10_000;

    private static readonly DecodeOptions Small = new() { MaximumPixels = 1 << 18 };

    [Fact]
    public void Ten_thousand_mutated_files_decode_or_are_refused()
    {
        var seeds = Fixtures.Images.Select(Fixtures.Bytes).ToArray();
        var random = new Random(20260101);
        var target = new PixelBuffer();
        var (decoded, refused) = (0, new Dictionary<ImageFault, int>());
        for (var i = 0; i < Files; i++)
        {
            var file = Mutate(seeds[i % seeds.Length], random);
            try
            {
                ImageDecoders.Default.Decode(file, target, Small with { Channels = i % 2 == 0 ? 3 : 1 });
                Assert.InRange(target.Width * target.Height, 1, Small.MaximumPixels);
                decoded++;
            }
            catch (ImageDecodingException e)
            {
                Assert.NotEmpty(e.Message);
                Assert.NotEqual(ImageFault.CodecMissing, e.Fault);
                refused[e.Fault] = refused.GetValueOrDefault(e.Fault) + 1;
            }
        }

        // Neither side may be empty, or the mutations would test nothing.
        Assert.True(decoded > Files / 20, $"{decoded} decoded");
        Assert.True(refused[ImageFault.Malformed] > Files / 10, $"{refused[ImageFault.Malformed]} malformed");
        Assert.True(refused[ImageFault.TooManyPixels] > 0);

        foreach (var name in Fixtures.Images)
            ImageDecoders.Default.Decode(Fixtures.Bytes(name), target, Small);
    }

    // One to eight edits: bytes replaced, bits flipped, interesting integers, cuts, repeats and swaps of blocks.
    private static byte[] Mutate(byte[] seed, Random random)
    {
        var file = seed.ToList();
        for (var edits = random.Next(1, 9); edits > 0 && file.Count > 4; edits--)
        {
            // Headers are where the trouble is: half of all edits go there.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(64, file.Count) : file.Count);
            switch (random.Next(6))
            {
                case 0:
                    file[at] = (byte)random.Next(256);
                    break;
                case 1:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    byte[] extremes = [0x00, 0x7f, 0x80, 0xff];
                    for (var i = at; i < Math.Min(at + 4, file.Count); i++)
                        file[i] = extremes[random.Next(4)];
                    break;
                case 3:
                    file.RemoveRange(at, Math.Min(random.Next(1, 33), file.Count - at));
                    break;
                case 4:
                    file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 33), file.Count - at)));
                    break;
                default:
                    var length = random.Next(10) == 0 ? at : file.Count;
                    file.RemoveRange(length, file.Count - length);
                    break;
            }
        }

        return [.. file];
    }
}
