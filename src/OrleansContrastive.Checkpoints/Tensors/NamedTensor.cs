namespace OrleansContrastive.Checkpoints.Tensors;

/// <summary>A tensor as bytes: row-major, little-endian.</summary>
/// <param name="Name">Unique in its file; PyTorch's state-dict names for models.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The sizes of the dimensions; empty for a scalar, and a size may be 0.</param>
/// <param name="Data">Product of the shape times the element's size bytes.</param>
public sealed record NamedTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes that shape and type ask for.</summary>
    /// <exception cref="OverflowException">The product does not fit in 64 bits.</exception>
    public static long ByteCount(IEnumerable<long> shape, TensorType type) =>
        shape.Aggregate((long)type.Size(), (product, size) => checked(product * size));

    /// <summary>Throws where name, shape and data do not fit together.</summary>
    /// <exception cref="ArgumentException">Names the tensor, the expected and the found length.</exception>
    public void Check()
    {
        if (string.IsNullOrEmpty(Name) || Name == SafeTensors.MetadataName)
            throw new ArgumentException($"A tensor cannot be named '{Name}'.");
        if (Shape.Any(size => size < 0))
            throw new ArgumentException($"Tensor '{Name}' has the shape [{string.Join(", ", Shape)}], which has a negative size.");

        var expected = ByteCount(Shape, Type);
        if (Data.Length != expected)
        {
            throw new ArgumentException(
                $"Tensor '{Name}' {Type.Name()} [{string.Join(", ", Shape)}] needs {expected} bytes, found {Data.Length}.");
        }
    }
}
