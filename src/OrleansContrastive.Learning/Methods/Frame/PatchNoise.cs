using OrleansContrastive.Learning.Random;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Changes patches one by one: of their colours one is kept (Doersch et al. 2015's colour dropping), and half of them are mirrored (Hénaff et al. 2020,
/// section 3) where a task does not ask what lies left and right.</summary>
internal sealed class PatchNoise(StepPosition position)
{
    /// <summary>The changed patches, in no dispose scope.</summary>
    /// <param name="patches">[n, C, p, p].</param>
    /// <param name="mirror">Whether half of them are mirrored.</param>
    public Tensor Apply(Tensor patches, bool mirror)
    {
        using var scope = NewDisposeScope();
        var (count, channels) = ((int)patches.shape[0], (int)patches.shape[1]);
        var stream = new RandomStream(position.Seed, RandomPurpose.Pretext, (ulong)position.Lease, ulong.MaxValue);
        var mirrored = new bool[count];
        var kept = new long[count];
        for (var i = 0; i < count; i++) (mirrored[i], kept[i]) = (stream.NextInt(2) == 1, stream.NextInt(channels));
        var turned = mirror ? where(tensor(mirrored, device: patches.device).view(-1, 1, 1, 1), patches.flip(3), patches) : patches.alias();
        if (channels == 1) return turned.DetachFromDisposeScope();

        // Normalised views have mean 0, which is what a colour that was dropped shows.
        var keep = tensor(kept, device: patches.device).view(-1, 1).eq(arange(channels, device: patches.device)).to_type(patches.dtype);
        return turned.mul(keep.view(count, channels, 1, 1)).DetachFromDisposeScope();
    }
}
