using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Tests.Shared;

/// <summary>The port of a whole model, as one shard.</summary>
public static class ContrastiveNetwork
{
    public static NetworkPort PortOf(ContrastiveModel model)
    {
        var layout = model.Layout.Split(1)[0];
        return new(
            model,
            weights => ModelExchange.LoadParameters(model, layout, weights.Span),
            () => ModelExchange.ReadGradients(model, layout),
            () => ModelExchange.ReadBatchMoments(model, layout));
    }
}
