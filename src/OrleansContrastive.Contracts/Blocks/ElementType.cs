namespace OrleansContrastive.Contracts.Blocks;

/// <summary>What one element of a <see cref="TensorBlock"/> is. All are little-endian on the wire.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 0,

    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 1,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16 = 2,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 3,

    /// <summary>A byte without a meaning of its own.</summary>
    Byte = 4,
}

/// <summary>Sizes of element types.</summary>
public static class ElementTypes
{
    /// <summary>Bytes that one element takes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value names no element type.</exception>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Float32 => 4,
        ElementType.Float64 or ElementType.Int64 => 8,
        ElementType.BFloat16 => 2,
        ElementType.Byte => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type."),
    };
}
