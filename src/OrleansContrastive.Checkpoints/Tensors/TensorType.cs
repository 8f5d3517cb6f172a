namespace OrleansContrastive.Checkpoints.Tensors;

/// <summary>The element types of the safetensors format that this project reads and writes; all little-endian.</summary>
public enum TensorType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>8-bit unsigned integer.</summary>
    UInt8,

    /// <summary>8-bit signed integer.</summary>
    Int8,

    /// <summary>16-bit unsigned integer.</summary>
    UInt16,

    /// <summary>16-bit signed integer.</summary>
    Int16,

    /// <summary>IEEE 754 half precision.</summary>
    Float16,

    /// <summary>The upper half of a <see cref="Float32"/>.</summary>
    BFloat16,

    /// <summary>32-bit unsigned integer.</summary>
    UInt32,

    /// <summary>32-bit signed integer.</summary>
    Int32,

    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>64-bit unsigned integer.</summary>
    UInt64,

    /// <summary>64-bit signed integer.</summary>
    Int64,

    /// <summary>IEEE 754 double precision.</summary>
    Float64,
}

/// <summary>Names and sizes of <see cref="TensorType"/>.</summary>
public static class TensorTypes
{
    private static readonly (TensorType Type, string Name, int Size)[] Known =
    [
        (TensorType.Bool, "BOOL", 1), (TensorType.UInt8, "U8", 1), (TensorType.Int8, "I8", 1),
        (TensorType.UInt16, "U16", 2), (TensorType.Int16, "I16", 2), (TensorType.Float16, "F16", 2), (TensorType.BFloat16, "BF16", 2),
        (TensorType.UInt32, "U32", 4), (TensorType.Int32, "I32", 4), (TensorType.Float32, "F32", 4),
        (TensorType.UInt64, "U64", 8), (TensorType.Int64, "I64", 8), (TensorType.Float64, "F64", 8),
    ];

    /// <summary>The names of all types as the format spells them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(known => known.Name)];

    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorType type) => Find(type).Size;

    /// <summary>The format's name of the type, such as <c>BF16</c>.</summary>
    public static string Name(this TensorType type) => Find(type).Name;

    /// <summary>Finds a type by the format's name; false where it is unknown here.</summary>
    public static bool TryParse(string? name, out TensorType type)
    {
        var index = Array.FindIndex(Known, known => known.Name == name);
        type = index < 0 ? default : Known[index].Type;
        return index >= 0;
    }

    private static (TensorType Type, string Name, int Size) Find(TensorType type) =>
        Enum.IsDefined(type)
            ? Known[(int)type]
            : throw new ArgumentOutOfRangeException(nameof(type), type, "Not an element type of the safetensors format.");
}
