using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Memory formats by strides alone, since TorchSharp has no argument for them: a tensor is channels-last when its
/// [B, H, W, C] permutation is contiguous.
/// </summary>
internal static class Layout
{
    private static readonly long[] ToInnermost = [0, 2, 3, 1];
    private static readonly long[] FromInnermost = [0, 3, 1, 2];

    /// <summary>[B, C, H, W] in any layout to the same logical tensor with channels innermost; copies only if it must.</summary>
    public static Tensor ChannelsLast(Tensor x)
    {
        using var innermost = ChannelsInnermost(x);
        return innermost.permute(FromInnermost);
    }

    /// <summary>[B, C, H, W] (or [B, C]) to a contiguous [B, H, W, C] (or [B, C]); copies only if it must.</summary>
    public static Tensor ChannelsInnermost(Tensor x)
    {
        if (x.dim() == 2) return x.contiguous();
        using var permuted = x.permute(ToInnermost);
        return permuted.contiguous();
    }

    /// <summary>The logical [B, C, H, W] (or [B, C]) of a [B, H, W, C] (or [B, C]); shares its memory.</summary>
    public static Tensor Logical(Tensor innermost) =>
        innermost.dim() == 2 ? innermost : innermost.permute(FromInnermost);

    /// <summary>A fresh tensor of the logical shape of <paramref name="like"/> with channels innermost, and that memory.</summary>
    public static (Tensor Logical, Tensor Innermost) EmptyLike(Tensor like)
    {
        var shape = like.shape;
        long[] order = shape.Length == 2 ? shape : [shape[0], shape[2], shape[3], shape[1]];
        var innermost = empty(order, dtype: like.dtype, device: like.device);
        return (Logical(innermost), innermost);
    }
}
