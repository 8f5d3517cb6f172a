using OrleansContrastive.Learning.Losses;
using TorchSharp;

namespace OrleansContrastive.Learning.Negatives.Sampling;

/// <summary>
/// Debiased (Chuang et al. 2020, eq. 8) and hard reweighted (Robinson et al. 2021, eq. 4) contrast: with p = exp(s⁺/T), n_j =
/// exp(s_j/T), N rows that count and the weights n_j^β,
/// <code>
/// R = N·Σ n_j^(β+1) / Σ n_j^β       N_g = max{(R − N τ⁺ p)/(1 − τ⁺), N e^(−1/T)}       L = −ln p/(p + N_g)
/// </code>
/// </summary>
/// <remarks>
/// β = 0 is the debiased loss, and with τ⁺ = 0 InfoNCE. The gradient goes through the weights, as in the released code, and
/// through none of them where the floor holds. A home answers with two softmaxes, of the exponents β/T and (β + 1)/T; the
/// floor is applied after they are joined, so it is exact for any number of homes.
/// </remarks>
/// <param name="beta">Concentration β on hard negatives, as the paper has it: on n_j, which T has sharpened already; 0 or more.</param>
/// <param name="prior">Probability τ⁺ that a row is of the query's own class; in [0, 1).</param>
public sealed class ReweightedRows(double beta, double prior) : INegativeSampling
{
    /// <summary>β.</summary>
    public double Beta { get; } = beta;

    /// <summary>τ⁺.</summary>
    public double Prior { get; } = prior;

    /// <inheritdoc/>
    public int Parts => Beta > 0 ? 2 : 1;

    /// <inheritdoc/>
    public IContrastPass Begin(torch.Tensor queries, ContrastCall call, INegativeRows rows) => new SoftmaxPass(
        queries, call, rows, [(0, rows.Count)],
        Beta > 0 ? [call.Temperature / (Beta + 1), call.Temperature / Beta] : [call.Temperature]);

    /// <inheritdoc/>
    public PartialSoftmax[] Join(IReadOnlyList<PartialSoftmax[]> answers) =>
        [.. Enumerable.Range(0, Parts).Select(part => PartialSoftmax.Merge([.. answers.Select(answer => answer[part])]))];

    /// <inheritdoc/>
    /// <remarks>The entropy is that of the weights among the negatives, n_j^(β+1).</remarks>
    public LossValue Evaluate(
        ReadOnlySpan<double> queries, ReadOnlySpan<double> positives, PartialSoftmax[] answer, double temperature, Span<double> gradient)
    {
        var (hard, weights) = (answer[0], Beta > 0 ? answer[1] : null);
        var (batch, width) = (hard.Queries, hard.Width);
        double loss = 0, chance = 0, count = 0, similarity = 0, hits = 0, entropy = 0;
        for (var b = 0; b < batch; b++)
        {
            var query = queries.Slice(b * width, width);
            var key = positives.Slice(b * width, width);
            var row = gradient.Slice(b * width, width);
            var cosine = MergedInfoNce.Dot(query, key);
            var positive = cosine / temperature;
            var rows = hard.Count(b);
            similarity += cosine;
            count += rows;
            chance += InfoNce.ChanceLevel(rows);
            hits += positive > hard.Maximum(b) / (Beta + 1) ? 1 : 0;
            if (rows == 0)
            {
                row.Clear();
                continue;
            }

            var logHard = hard.Maximum(b) + Math.Log(hard.Sum(b));
            var logWeights = weights is null ? Math.Log(rows) : weights.Maximum(b) + Math.Log(weights.Sum(b));
            var logReweighted = Math.Log(rows) + logHard - logWeights;
            var logFloor = Math.Log(rows) - (1 / temperature);
            var top = Math.Max(positive, Math.Max(logReweighted, logFloor));
            var (p, r, floor) = (Math.Exp(positive - top), Math.Exp(logReweighted - top), Math.Exp(logFloor - top));
            var estimate = (r - (rows * Prior * p)) / (1 - Prior);
            var total = p + Math.Max(estimate, floor);

            // dL = (dp + dN_g)/(p + N_g) − dp/p, with dp = p k/T and, above the floor, dN_g = (dR − N τ⁺ dp)/(1 − τ⁺).
            var above = estimate > floor;
            var keyFactor = ((p - (above ? rows * Prior * p / (1 - Prior) : 0)) / total) - 1;
            var hardFactor = above ? r * (Beta + 1) / ((1 - Prior) * total * hard.Sum(b)) : 0;
            var weightFactor = above && weights is not null ? r * Beta / ((1 - Prior) * total * weights.Sum(b)) : 0;
            var hardSum = hard.Weighted(b);
            var weightSum = weights is null ? default : weights.Weighted(b);
            for (var d = 0; d < width; d++)
            {
                var pull = (keyFactor * key[d]) + (hardFactor * hardSum[d]);
                if (weightFactor != 0) pull -= weightFactor * weightSum[d];
                row[d] = pull / (temperature * batch);
            }

            loss += top + Math.Log(total) - positive;
            entropy += logHard - (MergedInfoNce.Dot(query, hardSum) / hard.Sum(b) * (Beta + 1) / temperature);
        }

        return new(batch, loss / batch, chance / batch, count / batch, similarity / batch, hits / batch, entropy / batch);
    }
}
