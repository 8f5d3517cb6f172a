using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.Probes;

/// <summary>Turned by 0, 90, 180 or 270 degrees, against the clock.</summary>
internal sealed class RotationTask() : ProbeTask(1, "rotation", 4)
{
    private protected override Tensor Change(Tensor pixels, Tensor labels, int first, ulong seed)
    {
        var turned = pixels.transpose(2, 3);
        Tensor[] ways = [turned.flip(2), pixels.flip(2, 3), turned.flip(3)];
        var result = pixels;
        for (var way = 0; way < ways.Length; way++) result = where(labels.eq(way + 1), ways[way], result);
        return result;
    }
}

/// <summary>In colour, or in grey by the luma of ITU-R BT.601.</summary>
internal sealed class ColourTask() : ProbeTask(2, "colour", 2)
{
    private static readonly double[] Luma = [0.299, 0.587, 0.114];

    private protected override Tensor Change(Tensor pixels, Tensor labels, int first, ulong seed)
    {
        var weights = tensor(Luma, dtype: pixels.dtype, device: pixels.device).view(1, -1, 1, 1);
        var grey = (pixels * weights).sum([1L], keepdim: true).expand_as(pixels);
        return where(labels.eq(1), grey, pixels);
    }
}

/// <summary>As it is, or with Gaussian noise of deviation 0.1 on every value.</summary>
internal sealed class NoiseTask() : ProbeTask(3, "noise", 2)
{
    private const double Deviation = 0.1;

    private protected override Tensor Change(Tensor pixels, Tensor labels, int first, ulong seed)
    {
        var (count, each) = ((int)pixels.shape[0], (int)(pixels.numel() / pixels.shape[0]));
        var values = new float[count * each];
        for (var i = 0; i < count; i++)
        {
            var stream = Stream(seed, first + i, draw: 1);
            for (var at = 0; at < each; at += 2)
            {
                var (one, other) = stream.NextGaussians();
                values[(i * each) + at] = (float)(Deviation * one);
                if (at + 1 < each) values[(i * each) + at + 1] = (float)(Deviation * other);
            }
        }

        var noise = tensor(values, pixels.shape, dtype: pixels.dtype, device: pixels.device);
        return where(labels.eq(1), (pixels + noise).clamp(0, 1), pixels);
    }
}

/// <summary>As it is, or blurred by a Gaussian whose deviation is a twentieth of the image's width.</summary>
internal sealed class BlurTask() : ProbeTask(4, "blur", 2)
{
    private protected override Tensor Change(Tensor pixels, Tensor labels, int first, ulong seed)
    {
        var deviation = pixels.shape[3] / 20.0;
        var reach = (int)Math.Ceiling(3 * deviation);
        double[] bell = [.. Enumerable.Range(-reach, (2 * reach) + 1).Select(x => Math.Exp(-x * x / (2 * deviation * deviation)))];
        var kernel = tensor(bell, dtype: pixels.dtype, device: pixels.device);
        // Beyond the edge there is nothing, rather than black.
        var blurred = Sweep(pixels) / Sweep(ones_like(pixels));
        return where(labels.eq(1), blurred, pixels);

        Tensor Sweep(Tensor images)
        {
            var planes = images.reshape(-1, 1, images.shape[2], images.shape[3]);
            var across = nn.functional.conv2d(planes, kernel.view(1, 1, 1, -1), padding: [0, reach]);
            return nn.functional.conv2d(across, kernel.view(1, 1, -1, 1), padding: [reach, 0]).view(images.shape);
        }
    }
}
