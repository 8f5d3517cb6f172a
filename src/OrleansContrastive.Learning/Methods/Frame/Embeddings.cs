using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Rows of embeddings, as methods and memories exchange them.</summary>
public static class Embeddings
{
    /// <summary>Head outputs, projected onto the unit sphere in float32, or float64 where they are.</summary>
    /// <param name="outputs">[B, D].</param>
    public static Tensor Unit(Tensor outputs)
    {
        var wide = outputs.dtype == ScalarType.Float64 ? outputs : outputs.to_type(ScalarType.Float32);
        return nn.functional.normalize(wide, p: 2, dim: 1);
    }

    /// <summary>The rows as doubles, row by row.</summary>
    internal static double[] Doubles(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return MemoryMarshal.Cast<byte, double>(rows.detach().to_type(ScalarType.Float64).cpu().contiguous().bytes).ToArray();
    }
}
