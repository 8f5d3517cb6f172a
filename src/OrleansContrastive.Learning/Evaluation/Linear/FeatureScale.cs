using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>Shift and scale of every feature. Holds plain numbers; safe for all threads.</summary>
public sealed class FeatureScale
{
    private const int Chunk = 8192;

    private readonly float[] _mean;
    private readonly float[] _factor;

    private FeatureScale(float[] mean, float[] factor) => (_mean, _factor) = (mean, factor);

    /// <summary>Leaves features as they are.</summary>
    public static FeatureScale None(int width) => new(new float[width], [.. Enumerable.Repeat(1f, width)]);

    /// <summary>To mean 0 and deviation 1 over the rows; a feature that is constant becomes 0.</summary>
    public static FeatureScale Of(FeatureRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var table = rows.Borrow();
        var (sum, squares) = (zeros(rows.Width, dtype: ScalarType.Float64), zeros(rows.Width, dtype: ScalarType.Float64));
        for (var first = 0; first < rows.Count; first += Chunk)
        {
            using var inner = NewDisposeScope();
            sum.add_(Part(first).sum(0L));
        }

        var mean = sum / rows.Count;
        // A second pass, not the difference of large numbers.
        for (var first = 0; first < rows.Count; first += Chunk)
        {
            using var inner = NewDisposeScope();
            squares.add_((Part(first) - mean).square().sum(0L));
        }

        var deviation = (squares / rows.Count).sqrt();
        var factor = where(deviation.gt(1e-6 * (mean.abs() + 1e-6)), deviation.reciprocal(), zeros_like(deviation));
        return new(Numbers(mean), Numbers(factor));

        Tensor Part(int first) => table.narrow(0, first, Math.Min(Chunk, rows.Count - first)).to_type(ScalarType.Float64);

        static float[] Numbers(Tensor values) => values.to_type(ScalarType.Float32).data<float>().ToArray();
    }

    /// <summary>[B, F] rows to scaled ones, on the device of the rows.</summary>
    public Tensor Apply(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var scope = NewDisposeScope();
        return ((rows - tensor(_mean, device: rows.device)) * tensor(_factor, device: rows.device)).MoveToOuterDisposeScope();
    }
}
