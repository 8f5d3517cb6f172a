using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Decoding;
using OrleansContrastive.Offline.Imaging;

namespace OrleansContrastive.Data.Tests.Decoding;

public sealed class CodecMissingTests
{
    private static readonly NativeCodecLibrary Absent =
        NativeCodecLibrary.Register("absent", "ABC", "libabsent7", "libabsent-of-no-machine.so.7");

    [Fact]
    public void A_library_that_is_not_there_is_named_with_its_package()
    {
        Assert.False(Absent.IsAvailable);
        var error = Assert.Throws<CodecMissingException>(Absent.Require);

        Assert.Equal("libabsent7", error.DebianPackage);
        Assert.Equal(
            "ABC needs libabsent-of-no-machine.so.7, which is not on this machine: install the Debian package libabsent7.",
            error.Message);
    }

    [Fact]
    public void The_decoder_passes_the_advice_on()
    {
        var decoder = new CodecDecoder(new AbsentCodec(), "abc");

        var error = Assert.Throws<ImageDecodingException>(
            () => decoder.Decode([1, 2, 3], new PixelBuffer(), DecodeOptions.Default));

        Assert.Equal(ImageFault.CodecMissing, error.Fault);
        Assert.Contains("install the Debian package libabsent7", error.Message, StringComparison.Ordinal);
    }

    private sealed class AbsentCodec : IImageCodec
    {
        public string Name => "abc";

        public bool IsAvailable => Absent.IsAvailable;

        public bool Recognises(ReadOnlySpan<byte> file) => true;

        public ImageHeader ReadHeader(ReadOnlySpan<byte> file, int minimumSize)
        {
            Absent.Require();
            return new ImageHeader(1, 1);
        }

        public void Decode(ReadOnlySpan<byte> file, in ImageHeader header, int channels, Span<byte> target) =>
            target.Clear();
    }
}
