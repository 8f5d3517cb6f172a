namespace TorchSharp.Native;

/// <summary>Uses of many tensors at once: all are taken, or none.</summary>
internal static unsafe class TensorSpan
{
    /// <summary>Writes one handle per tensor; a null tensor gives a null handle.</summary>
    public static void Acquire(ReadOnlySpan<torch.Tensor?> tensors, nint* handles)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            try
            {
                handles[i] = tensors[i] is { } tensor ? tensor.Acquire() : 0;
            }
            catch
            {
                Release(tensors[..i]);
                throw;
            }
        }
    }

    public static void Release(ReadOnlySpan<torch.Tensor?> tensors)
    {
        foreach (var tensor in tensors) tensor?.Release();
    }
}
