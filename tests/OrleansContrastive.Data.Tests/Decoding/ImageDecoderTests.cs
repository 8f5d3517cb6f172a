using System.Buffers.Binary;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Data.Tests.Decoding;

public sealed class ImageDecoderTests
{
    private static readonly IImageDecoder Decoder = ImageDecoders.Default;

    public static TheoryData<string> Images => [.. Fixtures.Images];

    [Theory]
    [MemberData(nameof(Images))]
    public void Colour_pixels_are_those_that_Pillow_decodes(string name)
    {
        var image = Decode(Fixtures.Bytes(name), new DecodeOptions());

        Assert.Equal(Fixtures.Size(name), (image.Width, image.Height));
        AssertClose(Fixtures.Bytes(name + ".rgb"), image.Pixels, Tolerance(name));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Grey_pixels_are_those_that_Pillow_converts(string name)
    {
        var image = Decode(Fixtures.Bytes(name), new DecodeOptions { Channels = 1 });

        Assert.Equal(1, image.Channels);
        AssertClose(Fixtures.Bytes(name + ".grey"), image.Pixels, Tolerance(name));
    }

    [Theory]
    [InlineData(0, 331, 250)]
    [InlineData(251, 331, 250)]
    [InlineData(126, 331, 250)]
    [InlineData(125, 166, 125)]
    [InlineData(63, 83, 63)]
    [InlineData(64, 166, 125)]
    [InlineData(32, 42, 32)]
    [InlineData(1, 42, 32)]
    public void A_large_jpeg_is_decoded_at_the_smallest_scale_that_is_enough(int minimumSize, int width, int height)
    {
        Assert.SkipUnless(Decoder.Name.Contains("turbojpeg", StringComparison.Ordinal), "TurboJPEG is not on this machine.");

        var image = Decode(Fixtures.Bytes("large.jpg"), new DecodeOptions { MinimumSize = minimumSize });

        Assert.Equal((width, height), (image.Width, image.Height));
    }

    [Theory]
    [InlineData(125)]
    [InlineData(62)]
    [InlineData(31)]
    public void A_scaled_jpeg_has_the_pixels_of_the_codec(int pillowDraft)
    {
        Assert.SkipUnless(Decoder.Name.Contains("turbojpeg", StringComparison.Ordinal), "TurboJPEG is not on this machine.");
        var size = Fixtures.Size($"large.jpg.{pillowDraft}");

        var image = Decode(Fixtures.Bytes("large.jpg"), new DecodeOptions { MinimumSize = size.Height });

        Assert.Equal(size, (image.Width, image.Height));
        AssertClose(Fixtures.Bytes($"large.jpg.{pillowDraft}.rgb"), image.Pixels, 2);
    }

    [Fact]
    public void The_content_decides_the_format_and_unknown_content_is_refused()
    {
        var error = Assert.Throws<ImageDecodingException>(() => Decode("hello, world"u8.ToArray(), new DecodeOptions()));

        Assert.Equal(ImageFault.UnknownFormat, error.Fault);
        Assert.Contains("0x68656c6c6f2c2077", error.Message, StringComparison.Ordinal);
        Assert.Equal(ImageFault.UnknownFormat, Assert.Throws<ImageDecodingException>(() => Decode([], new())).Fault);
    }

    [Theory]
    [InlineData("420.jpg")]
    [InlineData("444-progressive.jpg")]
    [InlineData("rgb.png")]
    [InlineData("lossy.webp")]
    [InlineData("lossless.webp")]
    [InlineData("rgb24.bmp")]
    public void A_truncated_file_is_malformed(string name)
    {
        var file = Fixtures.Bytes(name);
        foreach (var length in new[] { file.Length / 4, file.Length / 2, file.Length * 9 / 10 })
        {
            var error = Assert.Throws<ImageDecodingException>(() => Decode(file[..length], new DecodeOptions()));
            Assert.Equal(ImageFault.Malformed, error.Fault);
        }
    }

    [Theory]
    [InlineData("420.jpg")]
    [InlineData("rgb.png")]
    [InlineData("lossless.webp")]
    [InlineData("rgb24.bmp")]
    public void Limits_on_pixels_and_bytes_are_named_errors(string name)
    {
        var file = Fixtures.Bytes(name);

        var pixels = Assert.Throws<ImageDecodingException>(() => Decode(file, new() { MaximumPixels = 37 * 23 - 1 }));
        Assert.Equal((ImageFault.TooManyPixels, 37L * 23, 37L * 23 - 1), (pixels.Fault, pixels.Found, pixels.Limit));
        var bytes = Assert.Throws<ImageDecodingException>(() => Decode(file, new() { MaximumBytes = file.Length - 1 }));
        Assert.Equal((ImageFault.TooManyBytes, file.Length, file.Length - 1L), (bytes.Fault, bytes.Found, bytes.Limit));
        Decode(file, new DecodeOptions { MaximumPixels = 37 * 23, MaximumBytes = file.Length });
    }

    public static TheoryData<string, int, int> Bombs => new()
    {
        // name, where the size lies, which of the formats' size fields it is
        { "420.jpg", -1, 2 },
        { "rgb.png", 16, 4 },
        { "rgb24.bmp", 18, -4 },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_bomb_is_refused_from_its_header_before_anything_is_allocated(string name, int offset, int field)
    {
        var file = Fixtures.Bytes(name);
        Enlarge(file, offset < 0 ? StartOfFrame(file) + 5 : offset, field);
        var target = new PixelBuffer();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<ImageDecodingException>(() => Decoder.Decode(file, target, DecodeOptions.Default));

        Assert.Equal(ImageFault.TooManyPixels, error.Fault);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Equal(0, target.Pixels.Length);
    }

    [Fact]
    public void Decoding_from_many_threads_gives_the_same_pixels()
    {
        string[] names = [.. Fixtures.Images];
        var files = names.Select(Fixtures.Bytes).ToArray();
        var expected = files.Select(file => Decode(file, DecodeOptions.Default).Pixels.ToArray()).ToArray();

        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var image = Decode(files[i % files.Length], DecodeOptions.Default);
            Assert.True(image.Pixels.SequenceEqual(expected[i % files.Length]), names[i % files.Length]);
        });
    }

    private static PixelBuffer Decode(byte[] file, DecodeOptions options)
    {
        var image = new PixelBuffer();
        Decoder.Decode(file, image, options);
        return image;
    }

    private static int Tolerance(string name)
    {
        if (name == "420.jpg" && !Decoder.Name.Contains("turbojpeg", StringComparison.Ordinal))
            return 48; // ImageSharp repeats the halved chroma where libjpeg interpolates it.
        if (name.EndsWith(".jpg", StringComparison.Ordinal) || name == "lossy.webp")
            return 2;
        // ImageSharp rounds samples that have not 8 bits; the others, Pillow among them, take the floor.
        var rounds = name is "grey16.png" or "rgb16.png" or "rgb555.bmp" or "rgb565.bmp"
            && Decoder.Name.Contains("imagesharp", StringComparison.Ordinal);
        return rounds ? 1 : 0;
    }

    private static void AssertClose(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found, int tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        var worst = 0;
        for (var i = 0; i < expected.Length; i++)
            worst = Math.Max(worst, Math.Abs(expected[i] - found[i]));
        Assert.True(worst <= tolerance, $"pixels differ by up to {worst} levels, allowed are {tolerance}");
    }

    private static int StartOfFrame(byte[] jpeg)
    {
        var at = 2;
        while (jpeg[at + 1] is not (0xc0 or 0xc2))
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg.AsSpan(at + 2));
        return at;
    }

    // Writes the largest width and height that the field's type can say (bytes; negative: little-endian).
    private static void Enlarge(byte[] file, int offset, int field)
    {
        var span = file.AsSpan(offset);
        switch (field)
        {
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(span, 65_500);
                BinaryPrimitives.WriteUInt16BigEndian(span[2..], 65_500);
                break;
            case 4:
                BinaryPrimitives.WriteInt32BigEndian(span, 60_000);
                BinaryPrimitives.WriteInt32BigEndian(span[4..], 60_000);
                // The header chunk has a checksum, from its type to its last byte.
                BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc32(file.AsSpan(12, 17)));
                break;
            default:
                BinaryPrimitives.WriteInt32LittleEndian(span, 60_000);
                BinaryPrimitives.WriteInt32LittleEndian(span[4..], 60_000);
                break;
        }
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB8_8320 : 0);
        }

        return ~crc;
    }
}
