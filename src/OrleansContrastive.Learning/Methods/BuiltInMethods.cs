using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>The methods that come with the program.</summary>
public sealed class BuiltInMethods : IMethodModule
{
    /// <inheritdoc/>
    public void Register(MethodRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.Add(MethodEntry.Of<NoOptions>(
            "moco-v1", "Momentum contrast with a linear head (He et al. 2020)", (context, _) => new MomentumContrast(MomentumContrastOptions.Of(context)), new() { ["head"] = "\"linear\"" }));
        registry.Add(MethodEntry.Of<NoOptions>(
            "moco-v2", "Momentum contrast with an MLP head (Chen et al. 2020)", (context, _) => new MomentumContrast(MomentumContrastOptions.Of(context))));
    }
}
