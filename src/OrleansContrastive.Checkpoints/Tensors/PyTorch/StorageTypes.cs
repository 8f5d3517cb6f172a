namespace OrleansContrastive.Checkpoints.Tensors.PyTorch;

/// <summary>PyTorch's names of storages by element type.</summary>
internal static class StorageTypes
{
    private static readonly (TensorType Type, string Name)[] Known =
    [
        (TensorType.Bool, "BoolStorage"), (TensorType.UInt8, "ByteStorage"), (TensorType.Int8, "CharStorage"),
        (TensorType.Int16, "ShortStorage"), (TensorType.Int32, "IntStorage"), (TensorType.Int64, "LongStorage"),
        (TensorType.Float16, "HalfStorage"), (TensorType.BFloat16, "BFloat16Storage"),
        (TensorType.Float32, "FloatStorage"), (TensorType.Float64, "DoubleStorage"),
    ];

    /// <summary>The storage that holds numbers of a type.</summary>
    /// <exception cref="ArgumentException">PyTorch has no such type.</exception>
    public static string NameOf(TensorType type) => Known.FirstOrDefault(known => known.Type == type).Name
        ?? throw new ArgumentException($"PyTorch has no tensors of {type.Name()}.");

    /// <summary>The type of a storage's numbers; null for a name that is none.</summary>
    public static TensorType? TypeOf(string storage) =>
        Known.Where(known => known.Name == storage).Select(known => (TensorType?)known.Type).FirstOrDefault();
}
