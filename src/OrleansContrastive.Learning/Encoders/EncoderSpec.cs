using System.Collections.Immutable;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>Which network encodes the images. Immutable; equal specs build equal networks.</summary>
/// <remarks>
/// A new encoder is one file with its spec and its network (<see cref="ImageEncoder"/>), and one entry here; or a call of
/// <see cref="Register"/> where it comes from another assembly.
/// </remarks>
/// <param name="Name">The name it was parsed from, such as <c>resnet18-w32</c>.</param>
/// <param name="InputChannels">1 or 3.</param>
public abstract record EncoderSpec(string Name, int InputChannels)
{
    private static ImmutableArray<EncoderFamily> _families = [ResNetSpec.Family, WideResNetSpec.Family, VisionTransformerSpec.Family, SignalEncoderSpec.Family];

    /// <summary>The networks by name; more follow from them as <see cref="Parse"/> says.</summary>
    public static IReadOnlyList<string> KnownNames => [.. _families.SelectMany(family => family.Names)];

    /// <summary>F, the width of the features.</summary>
    public abstract int FeatureWidth { get; }

    /// <summary>How it reads an image. Methods whose task lies in the plane, or in the order of a signal, ask for one of them.</summary>
    public virtual EncoderInput Input => EncoderInput.Images;

    /// <summary>Reads a network by name.</summary>
    /// <param name="name">
    /// One of <see cref="KnownNames"/>, or one with another number in its name: <c>resnet34-w24-ln</c>, <c>wrn-16-4</c>,
    /// <c>vit-tiny-p7</c> (see <see cref="ResNetSpec"/>, <see cref="WideResNetSpec"/>, <see cref="VisionTransformerSpec"/>,
    /// <see cref="SignalEncoderSpec"/>).
    /// </param>
    /// <param name="channels">The channels of the images, 1 or 3.</param>
    /// <param name="imageSize">The side of the views in pixels; below 96 stem or patches are those for small images.</param>
    /// <exception cref="ArgumentException">The name is not known, or a number is out of range.</exception>
    public static EncoderSpec Parse(string name, int channels, int imageSize)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (channels is not (1 or 3))
            throw new ArgumentException($"Encoders take images of 1 or 3 channels, found {channels}.", nameof(channels));
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 8);

        var families = _families;
        return families.Select(family => family.Parse(name, channels, imageSize)).FirstOrDefault(spec => spec is not null)
            ?? throw new ArgumentException(
                $"Unknown encoder '{name}'; known are: {string.Join(", ", KnownNames)} ({string.Join("; ", families.Select(family => family.Hint))}).",
                nameof(name));
    }

    /// <summary>Adds encoders, in every process that takes part in a run of them. Thread-safe; earlier ones are asked first.</summary>
    public static void Register(EncoderFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        ImmutableInterlocked.Update(ref _families, families => families.Add(family));
    }

    /// <summary>Builds the network; its weights are the context's next.</summary>
    public abstract ImageEncoder Build(LayerContext context);
}

/// <summary>How an encoder reads an image.</summary>
public enum EncoderInput
{
    /// <summary>In two dimensions, and so does it read pieces of an image.</summary>
    Images,

    /// <summary>Row by row, as one signal: a <see cref="SequenceEncoder"/>.</summary>
    Sequences,
}

/// <summary>Encoders of one kind.</summary>
/// <param name="Names">The best known of them.</param>
/// <param name="Hint">What may be changed in a name.</param>
/// <param name="Parse">Name, channels and image size to a spec; null where the name is of another family.</param>
public sealed record EncoderFamily(IReadOnlyList<string> Names, string Hint, Func<string, int, int, EncoderSpec?> Parse);
