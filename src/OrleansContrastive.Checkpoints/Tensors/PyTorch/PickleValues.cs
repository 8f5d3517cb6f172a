namespace OrleansContrastive.Checkpoints.Tensors.PyTorch;

/// <summary>A class or function by name; nothing is ever looked up or called.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A storage beside the pickle.</summary>
internal sealed record PickleStorage(TensorType Type, string Key, long Elements);

/// <summary>A view of a storage.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>What stands before the arguments that belong together.</summary>
internal sealed class PickleMark
{
    public static PickleMark Instance { get; } = new();
}
