using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Blocks;
using TorchSharp;

namespace OrleansContrastive.Grains.Workers;

/// <summary>Blocks into tensors and back. On an executor's thread only.</summary>
internal static class Blocks
{
    /// <summary>A tensor with the block's values, in another element type and on a device if asked for.</summary>
    public static torch.Tensor ToTensor(TensorBlock block, torch.ScalarType type, torch.Device device)
    {
        var tensor = torch.empty(block.Shape, ScalarOf(block.Type));
        block.Data.Span.CopyTo(tensor.bytes);
        return tensor.to(type, device);
    }

    /// <summary>A block with the tensor's values.</summary>
    public static TensorBlock FromTensor(torch.Tensor tensor)
    {
        using var values = tensor.detach().cpu().contiguous();
        return new(TypeOf(values.dtype), values.shape, values.bytes.ToArray());
    }

    /// <summary>A block of numbers.</summary>
    public static TensorBlock FromDoubles(double[] values, long[] shape, ElementType type)
    {
        if (type == ElementType.Float64) return new(type, shape, MemoryMarshal.AsBytes<double>(values).ToArray());
        var singles = new byte[values.Length * sizeof(float)];
        TensorPrimitives.ConvertTruncating<double, float>(values, MemoryMarshal.Cast<byte, float>(singles.AsSpan()));
        return new(type, shape, singles);
    }

    /// <summary>Flat elements as a block, without a copy.</summary>
    public static TensorBlock Flat(ElementType type, ReadOnlyMemory<byte> bytes) => new(type, [bytes.Length / type.Size()], bytes);

    /// <summary>The tensor library's name of an element type.</summary>
    public static torch.ScalarType ScalarOf(ElementType type) => type switch
    {
        ElementType.Float32 => torch.ScalarType.Float32,
        ElementType.Float64 => torch.ScalarType.Float64,
        ElementType.BFloat16 => torch.ScalarType.BFloat16,
        ElementType.Byte => torch.ScalarType.Byte,
        _ => torch.ScalarType.Int64,
    };

    private static ElementType TypeOf(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float32 => ElementType.Float32,
        torch.ScalarType.Float64 => ElementType.Float64,
        torch.ScalarType.BFloat16 => ElementType.BFloat16,
        torch.ScalarType.Int64 => ElementType.Int64,
        _ => throw new ArgumentException($"A tensor of {type} does not travel; expected Float32, Float64, BFloat16 or Int64."),
    };
}
