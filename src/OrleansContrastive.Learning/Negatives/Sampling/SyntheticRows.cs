using OrleansContrastive.Learning.Random;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>How many rows each of SynCo's six generators makes, and how far three of them go.</summary>
public sealed record SyntheticMix
{
    /// <summary>α q + (1 − α) n, α in (0, ½).</summary>
    public int Interpolated { get; init; } = 256;

    /// <summary>q + β (n − q), β in (1, 1½): beyond the negative, away from the query.</summary>
    public int Extrapolated { get; init; } = 256;

    /// <summary>γ n_i + (1 − γ) n_j, γ in (0, 1).</summary>
    public int Mixed { get; init; } = 256;

    /// <summary>n + Gaussian noise of deviation σ in every coordinate.</summary>
    public int Noisy { get; init; } = 64;

    /// <summary>n + δ ∇ₙ(q·n).</summary>
    public int Gradient { get; init; } = 64;

    /// <summary>n + η sign ∇ₙ(q·n).</summary>
    public int Adversarial { get; init; } = 64;

    /// <summary>σ. The released code has 0.01; 0.1 is given elsewhere.</summary>
    public double Noise { get; init; } = 0.01;

    /// <summary>δ.</summary>
    public double Step { get; init; } = 0.01;

    /// <summary>η.</summary>
    public double Sign { get; init; } = 0.01;
}

/// <summary>
/// SynCo (Giakoumoglou and Stathaki 2024): InfoNCE over all rows and synthetic ones, which six generators make of the query and its
/// hardest negatives; every made row is normalised, and no gradient goes through the making.
/// </summary>
/// <remarks>
/// What is an approximation of what: the gradient of the similarity by the negative is the query itself, and generators five and
/// six take it exactly, where the released code estimates it along one random direction by a difference of 1e-5, which moves a row
/// by about a millionth of its length. Each home makes its share of its own hardest: exact for one home, an approximation for several.
/// </remarks>
/// <param name="hardest">N, hard rows to make others of; at least 1; 1024 in the paper.</param>
/// <param name="mix">What is made.</param>
/// <param name="afterEpochs">Epochs in which nothing is made yet, 0 or more; 10 in the paper.</param>
public sealed class SyntheticRows(int hardest, SyntheticMix mix, double afterEpochs = 0) : SoftmaxSampling
{
    /// <inheritdoc/>
    public override IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) => MixingPass.Begin(
        queries,
        call,
        rows,
        hardest,
        afterEpochs,
        (mix.Interpolated, MixedRows.WithQuery),
        (mix.Extrapolated, Beyond),
        (mix.Mixed, MixedRows.OfTwo),
        (mix.Noisy, Noisy),
        (mix.Gradient, Towards),
        (mix.Adversarial, BySign));

    private static void Beyond(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        var negative = hard.Draw(ref stream);
        var reach = 1 + (stream.NextDouble() / 2);
        for (var d = 0; d < made.Length; d++) made[d] = query[d] + (reach * (negative[d] - query[d]));
    }

    private void Noisy(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        hard.Draw(ref stream).CopyTo(made);
        for (var d = 0; d < made.Length; d += 2)
        {
            var (first, second) = stream.NextGaussians();
            made[d] += mix.Noise * first;
            if (d + 1 < made.Length) made[d + 1] += mix.Noise * second;
        }
    }

    private void Towards(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        var negative = hard.Draw(ref stream);
        for (var d = 0; d < made.Length; d++) made[d] = negative[d] + (mix.Step * query[d]);
    }

    private void BySign(ReadOnlySpan<double> query, HardRows hard, ref RandomStream stream, Span<double> made)
    {
        var negative = hard.Draw(ref stream);
        for (var d = 0; d < made.Length; d++) made[d] = negative[d] + (mix.Sign * Math.Sign(query[d]));
    }
}
