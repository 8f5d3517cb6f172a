using OrleansContrastive.Learning.Evaluation.Probes;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Evaluation;

/// <summary>What is done to an image is what its label says, and nothing else.</summary>
public sealed class ProbeTaskTests
{
    private const int Count = 24, Side = 12, First = 100;
    private const ulong Seed = 5;
    private static readonly float[] Mean = [0.5f, 0.4f, 0.3f];
    private static readonly float[] Deviation = [0.25f, 0.5f, 0.2f];

    [Fact]
    public void Grey_images_have_no_colour_to_lose()
    {
        Assert.Equal(["rotation", "colour", "noise", "blur"], ProbeTask.For(3).Select(task => task.Name));
        Assert.Equal(["rotation", "noise", "blur"], ProbeTask.For(1).Select(task => task.Name));
    }

    [Fact]
    public void Every_class_is_drawn_about_as_often()
    {
        foreach (var task in ProbeTask.For(3))
        {
            var counts = Enumerable.Range(0, 4000).GroupBy(image => task.Label(Seed, image)).ToDictionary(group => group.Key, group => group.Count());
            Assert.Equal(task.Classes, counts.Count);
            Assert.All(counts.Values, count => Assert.InRange(count, (4000 / task.Classes) - 200, (4000 / task.Classes) + 200));
        }
    }

    [Fact]
    public void Rotation_turns_against_the_clock() => Compare("rotation", (pixel, label, x, y) => label switch
    {
        // Where the pixel at (x, y) comes from.
        1 => pixel(Side - 1 - y, x),
        2 => pixel(Side - 1 - x, Side - 1 - y),
        _ => pixel(y, Side - 1 - x),
    });

    [Fact]
    public void Grey_is_the_luma_in_every_channel()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (task, pixels, changed) = Apply("colour");
        for (var i = 0; i < Count; i++)
        {
            var grey = (pixels[i, 0] * 0.299) + (pixels[i, 1] * 0.587) + (pixels[i, 2] * 0.114);
            for (var c = 0; c < 3; c++) Close(task.Label(Seed, First + i) == 1 ? grey : pixels[i, c], changed[i, c]);
        }
    }

    [Fact]
    public void Noise_has_its_deviation_stays_within_the_pixels_range_and_is_the_same_for_everyone()
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (task, pixels, changed) = Apply("noise");
        var noisy = Enumerable.Range(0, Count).Where(i => task.Label(Seed, First + i) == 1).ToArray();
        foreach (var i in Enumerable.Range(0, Count).Except(noisy)) Close(pixels[i], changed[i]);
        var noise = stack(noisy.Select(i => changed[i] - pixels[i]));
        Assert.InRange(noise.std().item<float>(), 0.08, 0.11);
        Assert.InRange(changed.min().item<float>(), -1e-5, 1);
        Assert.InRange(changed.max().item<float>(), 0, 1 + 1e-5);

        // In a batch of another cut every image gets the same.
        var views = (pixels - Channels(Mean)) / Channels(Deviation);
        var part = (task.Apply(views.narrow(0, 10, 5), First + 10, Seed, Mean, Deviation) * Channels(Deviation)) + Channels(Mean);
        Close(changed.narrow(0, 10, 5), part);
    }

    [Fact]
    public void Blur_is_a_Gaussian_that_ends_at_the_edge()
    {
        var (deviation, reach) = (Side / 20.0, 2);
        Compare("blur", (pixel, label, x, y) =>
        {
            var (sum, weights) = (0.0, 0.0);
            for (var dy = -reach; dy <= reach; dy++)
                for (var dx = -reach; dx <= reach; dx++)
                {
                    if (x + dx is < 0 or >= Side || y + dy is < 0 or >= Side) continue;
                    var weight = Math.Exp(-((dx * dx) + (dy * dy)) / (2 * deviation * deviation));
                    sum += weight * pixel(x + dx, y + dy);
                    weights += weight;
                }

            return sum / weights;
        });
    }

    private static void Compare(string name, Func<Func<int, int, double>, int, int, int, double> expected)
    {
        using var leaks = new TensorLeaks();
        using var scope = NewDisposeScope();
        var (task, pixels, changed) = Apply(name);
        var (before, after) = (Numbers.From(pixels), Numbers.From(changed));
        HashSet<int> seen = [];
        for (var plane = 0; plane < Count * 3; plane++)
        {
            var label = task.Label(Seed, First + (plane / 3));
            seen.Add(label);
            for (var y = 0; y < Side; y++)
                for (var x = 0; x < Side; x++)
                {
                    var wanted = label == 0 ? Pixel(x, y) : expected(Pixel, label, x, y);
                    Assert.Equal(wanted, after[(((plane * Side) + y) * Side) + x], 1e-5);
                }

            double Pixel(int x, int y) => before[(((plane * Side) + y) * Side) + x];
        }

        Assert.Equal(task.Classes, seen.Count);
    }

    private static (ProbeTask Task, Tensor Pixels, Tensor Changed) Apply(string name)
    {
        var task = ProbeTask.For(3).Single(task => task.Name == name);
        var pixels = Numbers.Of([Count, 3, Side, Side], 9, ScalarType.Float32, 0.5, 0.5);
        var changed = task.Apply((pixels - Channels(Mean)) / Channels(Deviation), First, Seed, Mean, Deviation);
        return (task, pixels, (changed * Channels(Deviation)) + Channels(Mean));
    }

    private static Tensor Channels(float[] values) => tensor(values).view(1, 3, 1, 1);

    private static void Close(Tensor expected, Tensor found) => Assert.True((expected - found).abs().max().item<float>() < 1e-5);
}
