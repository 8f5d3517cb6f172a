using OrleansContrastive.Learning.Random;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.Probes;

/// <summary>
/// Something that was done to an image and that a linear classifier is to find again in its features (Chen et al. 2020,
/// table 3, which uses classifiers of two layers). Which of the classes an image gets is drawn by its number. Stateless.
/// </summary>
public abstract class ProbeTask
{
    private readonly ulong _number;

    private protected ProbeTask(ulong number, string name, int classes) => (_number, Name, Classes) = (number, name, classes);

    /// <summary>All tasks, by the channels of the images.</summary>
    /// <param name="channels">1 or 3; grey images have no colour to lose.</param>
    public static IReadOnlyList<ProbeTask> For(int channels) => channels == 3
        ? [new RotationTask(), new ColourTask(), new NoiseTask(), new BlurTask()]
        : [new RotationTask(), new NoiseTask(), new BlurTask()];

    /// <summary>Name of the task.</summary>
    public string Name { get; }

    /// <summary>Number of classes; all are equally likely.</summary>
    public int Classes { get; }

    /// <summary>What is done to an image: 0 is nothing.</summary>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="image">The image's number.</param>
    public int Label(ulong seed, int image) => Stream(seed, image, 0).NextInt(Classes);

    /// <summary>Does it.</summary>
    /// <param name="views">[B, C, H, W] normalised views of consecutive images.</param>
    /// <param name="first">Number of the first image.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="mean">Mean that was subtracted from each channel, one value or C.</param>
    /// <param name="deviation">Deviation that each channel was divided by, one value or C.</param>
    public Tensor Apply(Tensor views, int first, ulong seed, float[] mean, float[] deviation)
    {
        ArgumentNullException.ThrowIfNull(views);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = (int)views.shape[0];
        long[] labels = [.. Enumerable.Range(first, count).Select(image => (long)Label(seed, image))];
        var (shift, scale) = (Channels(mean), Channels(deviation));
        var pixels = (views * scale) + shift;
        var changed = Change(pixels, tensor(labels, device: views.device).view(-1, 1, 1, 1), first, seed);
        return ((changed - shift) / scale).MoveToOuterDisposeScope();

        Tensor Channels(float[] values) => tensor(values, dtype: views.dtype, device: views.device).view(1, -1, 1, 1);
    }

    /// <summary>Changes pixels, mostly in [0, 1], as the labels [B, 1, 1, 1] say.</summary>
    private protected abstract Tensor Change(Tensor pixels, Tensor labels, int first, ulong seed);

    private protected RandomStream Stream(ulong seed, int image, uint draw) => new(seed, RandomPurpose.Evaluation, (1UL << 62) | (_number << 32) | draw, (ulong)image);
}
