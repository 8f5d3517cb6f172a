using Orleans;

namespace OrleansContrastive.Contracts.Blocks;

/// <summary>
/// Numbers on their way from grain to grain: an element type, a shape and little-endian bytes.
/// Within one process it is handed over without a copy, so nobody may write to its bytes any more, neither
/// the sender nor the receiver. Checked on receipt by <see cref="Expect"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.tensor-block")]
public sealed class TensorBlock
{
    /// <summary>Takes over <paramref name="data"/>; it must not be written to afterwards.</summary>
    /// <exception cref="ArgumentException">The length of the bytes is not shape x element size.</exception>
    public TensorBlock(ElementType type, long[] shape, ReadOnlyMemory<byte> data)
    {
        Type = type;
        Shape = shape;
        Data = data;
        var expected = Count(shape) * type.Size();
        if (data.Length != expected)
            throw new ArgumentException($"A {type} block of shape [{string.Join(", ", shape)}] takes {expected} bytes; found {data.Length}.", nameof(data));
    }

    /// <summary>What one element is.</summary>
    [Id(0)] public ElementType Type { get; private init; }

    /// <summary>The sizes of the axes, outermost first.</summary>
    [Id(1)] public long[] Shape { get; private init; }

    /// <summary>The elements, row-major and little-endian. Read only, for sender and receiver alike.</summary>
    [Id(2)] public ReadOnlyMemory<byte> Data { get; private init; }

    /// <summary>Number of elements that a shape holds.</summary>
    public static long Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var axis in shape) count = checked(count * axis);
        return count;
    }

    /// <summary>Checks what came over the wire, and returns the bytes.</summary>
    /// <param name="what">Names the block in the error.</param>
    /// <param name="type">The expected element type.</param>
    /// <param name="shape">The expected shape; -1 accepts any size of that axis.</param>
    /// <exception cref="ArgumentException">Type, shape or length differ; the message gives expected and found.</exception>
    public ReadOnlyMemory<byte> Expect(string what, ElementType type, params ReadOnlySpan<long> shape)
    {
        var fits = Type == type && Shape.Length == shape.Length && Data.Length == Count(Shape) * Type.Size();
        for (var axis = 0; fits && axis < shape.Length; axis++)
            fits = shape[axis] < 0 || shape[axis] == Shape[axis];
        if (!fits)
        {
            throw new ArgumentException(
                $"{what}: expected {type} [{string.Join(", ", shape.ToArray())}], found {Type} [{string.Join(", ", Shape)}] in {Data.Length} bytes.");
        }

        return Data;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Type} [{string.Join(", ", Shape)}]";
}
