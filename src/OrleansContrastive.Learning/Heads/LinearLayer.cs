using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>A linear layer with single-precision weights that computes in the model's compute type.</summary>
public sealed class LinearLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    private readonly ScalarType _computeType;
    private readonly ScalarType _masterType;

    /// <summary>Draws the weights, uniform in ±1/√inputs as torch does.</summary>
    public LinearLayer(LayerContext context, int inputs, int outputs, bool bias)
        : base(nameof(LinearLayer))
    {
        _weight = context.Uniform([outputs, inputs], inputs);
        _bias = bias ? context.Uniform([outputs], inputs) : null;
        _computeType = context.ComputeType;
        _masterType = context.MasterType;
        RegisterComponents();
    }

    /// <summary>[B, inputs] to [B, outputs] in the master type.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return nn.functional
            .linear(input.to_type(_computeType), _weight.to_type(_computeType), _bias?.to_type(_computeType))
            .to_type(_masterType)
            .MoveToOuterDisposeScope();
    }
}
