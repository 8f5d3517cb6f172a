using OrleansContrastive.Learning.Negatives;

namespace OrleansContrastive.Learning.Losses;

/// <summary>InfoNCE from the shards' partial softmaxes: the loss over all negatives of the cluster and its exact gradient
/// with respect to the queries, without the negatives being here.</summary>
/// <remarks>
/// With p the softmax over key and negatives, ∂L_b/∂q_b = (Σ p_j v_j − (1 − p⁺) k⁺) / (T·B), where the sum runs over the
/// negatives. The same vectors give the entropy. An empty part everywhere leaves loss and gradient 0.
/// </remarks>
internal static class MergedInfoNce
{
    /// <summary>Computes loss and gradient.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="positives">[B, D] unit rows.</param>
    /// <param name="negatives">Merged part.</param>
    /// <param name="temperature">T.</param>
    /// <param name="gradient">Receives [B, D], the gradient of the batch's mean loss.</param>
    internal static LossValue Evaluate(
        ReadOnlySpan<double> queries,
        ReadOnlySpan<double> positives,
        PartialSoftmax negatives,
        double temperature,
        Span<double> gradient)
    {
        var (batch, width) = (negatives.Queries, negatives.Width);
        RowColumns.RequireLength(nameof(queries), queries.Length, (long)batch * width);
        RowColumns.RequireLength(nameof(positives), positives.Length, (long)batch * width);
        RowColumns.RequireLength(nameof(gradient), gradient.Length, (long)batch * width);
        double loss = 0, chance = 0, count = 0, similarity = 0, hits = 0, entropy = 0;
        for (var b = 0; b < batch; b++)
        {
            var query = queries.Slice(b * width, width);
            var key = positives.Slice(b * width, width);
            var cosine = Dot(query, key);
            var positive = cosine / temperature;
            var maximum = Math.Max(positive, negatives.Maximum(b));
            var keyMass = Math.Exp(positive - maximum);
            // A part without rows has maximum −∞: its scale, and with it every term, is 0.
            var scale = negatives.Count(b) > 0 ? Math.Exp(negatives.Maximum(b) - maximum) : 0;
            var total = keyMass + scale * negatives.Sum(b);
            var logTotal = maximum + Math.Log(total);

            var weighted = negatives.Weighted(b);
            var row = gradient.Slice(b * width, width);
            var otherMass = scale * negatives.Sum(b) / total;
            var expected = keyMass / total * cosine;
            for (var d = 0; d < width; d++)
            {
                var pull = scale * weighted[d] / total;
                expected += pull * query[d];
                row[d] = (pull - otherMass * key[d]) / (temperature * batch);
            }

            loss += logTotal - positive;
            entropy += logTotal - expected / temperature;
            chance += InfoNce.ChanceLevel(negatives.Count(b));
            count += negatives.Count(b);
            similarity += cosine;
            hits += positive > negatives.Maximum(b) ? 1 : 0;
        }

        return new(batch, loss / batch, chance / batch, count / batch, similarity / batch, hits / batch, entropy / batch);
    }

    internal static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
