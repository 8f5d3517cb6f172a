using TorchSharp;

namespace OrleansContrastive.Learning.Negatives;

internal static class ElementSize
{
    internal static int Of(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float32 => sizeof(float),
        torch.ScalarType.Float64 => sizeof(double),
        _ => throw new ArgumentException($"Rows of {type}; expected Float32 or Float64.", nameof(type)),
    };
}

internal static class RowColumns
{
    internal static void RequireLength(string column, long found, long expected)
    {
        if (found != expected)
        {
            throw new ArgumentException($"{column} has length {found}; expected {expected}.", column);
        }
    }
}
