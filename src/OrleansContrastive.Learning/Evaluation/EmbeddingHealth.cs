using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>
/// Measures a batch of embeddings, without labels and without touching any gradient. Bounded: only the first
/// <see cref="MaximumRows"/> rows are looked at, and the decomposition is of the smaller of B x B and D x D. Stateless; on
/// the tensors' thread.
/// </summary>
public static class EmbeddingHealth
{
    /// <summary>Rows of a batch that are looked at.</summary>
    public const int MaximumRows = 512;

    /// <summary>Measures rows and their positives.</summary>
    /// <param name="rows">[B, D] unit rows, B at least 2.</param>
    /// <param name="positives">[B, D] unit rows: the positive of each row, which is a negative of all the others.</param>
    /// <param name="temperature">T of the softmax entropy; above 0.</param>
    /// <exception cref="ArgumentException">The shapes differ, there is one row only, or the temperature is not positive.</exception>
    public static HealthMeasures Of(Tensor rows, Tensor positives, double temperature)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(positives);
        if (rows.dim() != 2 || rows.shape[0] < 2 || !rows.shape.AsSpan().SequenceEqual(positives.shape))
        {
            throw new ArgumentException(
                $"Rows and positives must both be [B, D] with B of 2 or more, found [{string.Join(", ", rows.shape)}] and [{string.Join(", ", positives.shape)}].", nameof(rows));
        }

        if (!(temperature > 0)) throw new ArgumentException($"The temperature must be above 0, found {temperature}.", nameof(temperature));

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = Math.Min(rows.shape[0], MaximumRows);
        var width = rows.shape[1];
        // In float64: the small singular values of a batch that collapses drown in the rounding of float32.
        var x = rows.detach().narrow(0, 0, count).to(ScalarType.Float64, CPU);
        var y = positives.detach().narrow(0, 0, count).to(ScalarType.Float64, CPU);
        var similarities = x.mm(y.t());
        var positive = similarities.diagonal();
        var others = similarities.masked_fill(eye(count, dtype: ScalarType.Bool), double.NegativeInfinity);
        var hardest = others.amax([1L]);
        return new()
        {
            Alignment = (x - y).square().sum(1).mean().item<double>(),
            Uniformity = Uniformity(x, count),
            StdRootD = (x.std(0, unbiased: false).mean() * Math.Sqrt(width)).item<double>(),
            EffectiveRank = EffectiveRank(x),
            ContrastiveAccuracy = positive.gt(hardest).to_type(ScalarType.Float64).mean().item<double>(),
            SoftmaxEntropy = Entropy(similarities / temperature),
            PositiveSimilarity = positive.mean().item<double>(),
            HardestNegativeSimilarity = hardest.mean().item<double>(),
            Rows = (int)count,
            Width = (int)width,
        };
    }

    /// <summary>Measures rows and their positives in plain memory.</summary>
    /// <param name="rows">B unit rows, one after the other.</param>
    /// <param name="positives">The positive of each row.</param>
    /// <param name="width">D, the numbers of a row.</param>
    /// <param name="temperature">T of the softmax entropy; above 0.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, there is one row only, or the temperature is not positive.</exception>
    public static HealthMeasures Of(ReadOnlySpan<float> rows, ReadOnlySpan<float> positives, int width, double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (rows.Length % width != 0 || rows.Length != positives.Length)
            throw new ArgumentException($"Rows and positives must both be whole rows of {width}, found {rows.Length} and {positives.Length} numbers.", nameof(rows));
        using var scope = NewDisposeScope();
        var count = Math.Min(rows.Length / width, MaximumRows);
        return Of(Matrix(rows), Matrix(positives), temperature);

        Tensor Matrix(ReadOnlySpan<float> values) => tensor(values[..(count * width)].ToArray(), [count, width]);
    }

    /// <summary>exp of the entropy of the normalised singular values of a matrix [B, D]; 1 where it is all zeros.</summary>
    public static double EffectiveRank(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = matrix.detach().to(ScalarType.Float64, CPU);
        // Both products have the same eigenvalues but for zeros: the squares of the singular values.
        var products = x.shape[0] < x.shape[1] ? x.mm(x.t()) : x.t().mm(x);
        if (!products.isfinite().all().item<bool>()) return double.NaN;
        var singular = linalg.eigvalsh(products).clamp_min(0).sqrt();
        var sum = singular.sum().item<double>();
        if (sum <= 0) return 1;
        var share = singular / sum;
        return Math.Exp(-(share * share.clamp_min(double.Epsilon).log()).sum().item<double>());
    }

    // All pairs but a row with itself; rows are unit, so |x - y|² = 2 - 2 x·y, never below 0.
    private static double Uniformity(Tensor x, long count)
    {
        var potential = (x.mm(x.t()) - 1).clamp_max(0).mul(4).exp();
        return Math.Log((potential.sum() - potential.diagonal().sum()).item<double>() / (count * (count - 1)));
    }

    private static double Entropy(Tensor logits)
    {
        var logarithms = nn.functional.log_softmax(logits, 1);
        return -(logarithms.exp() * logarithms).sum(1).mean().item<double>();
    }
}
