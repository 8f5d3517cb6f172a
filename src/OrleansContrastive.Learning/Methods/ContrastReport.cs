using OrleansContrastive.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>Reads the meters of a step off its logits and gradient.</summary>
internal static class ContrastReport
{
    /// <summary>Computes the meters.</summary>
    /// <remarks>The entropy needs no pass over the B x K probabilities: it is ln Z − E[s]/T, and the gradient of the mean
    /// loss, (E[v] − k⁺)/(T·B), holds E[v], hence E[s] = q·E[v].</remarks>
    internal static LossValue FromLogits(
        Tensor queries,
        Tensor keys,
        Tensor logits,
        Tensor losses,
        Tensor gradient,
        List<(int Query, int Row)> masked,
        double temperature)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var batch = (int)queries.shape[0];
        var columns = (int)logits.shape[1] - 1;
        var positive = logits.narrow(1, 0, 1).view(-1);
        var expected = gradient.mul(temperature * batch).add(keys.to_type(queries.dtype)).mul(queries).sum(1);
        var entropy = losses.add(positive).sub(expected.div(temperature)).mean();
        var hits = columns > 0
            ? QueryPass.ReadDoubles(positive.gt(logits.narrow(1, 1, columns).amax([1L])).to_type(queries.dtype).mean())[0]
            : 1.0;

        var valid = new int[batch];
        Array.Fill(valid, columns);
        foreach (var (query, _) in masked)
        {
            valid[query]--;
        }

        return new(
            batch,
            QueryPass.ReadDoubles(losses.mean())[0],
            valid.Average(count => InfoNce.ChanceLevel(count)),
            valid.Average(),
            QueryPass.ReadDoubles(positive.mean())[0] * temperature,
            hits,
            QueryPass.ReadDoubles(entropy)[0]);
    }
}
