using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Attention and a perceptron, each behind a norm and beside a shortcut (Dosovitskiy et al. 2021, equations 2 and 3). Matrices
/// multiply in the compute type; norms, softmax and the sums of the shortcuts are of the master type.
/// </summary>
internal sealed class TransformerBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly TokenNorm _firstNorm;

    [ComponentName(Name = "attn")]
    private readonly Attention _attention;

    [ComponentName(Name = "norm2")]
    private readonly TokenNorm _secondNorm;

    [ComponentName(Name = "mlp")]
    private readonly TokenPerceptron _perceptron;

    public TransformerBlock(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(TransformerBlock))
    {
        _firstNorm = new TokenNorm(context, spec.Width);
        _attention = new Attention(context, spec);
        _secondNorm = new TokenNorm(context, spec.Width);
        _perceptron = new TokenPerceptron(context, spec);
        RegisterComponents();
    }

    /// <summary>[B, N, F] to the same shape.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input.add(_attention.forward(_firstNorm.forward(input)));
        return x.add(_perceptron.forward(_secondNorm.forward(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention of several heads, each to all tokens: softmax(q·kᵀ/√d)·v (Vaswani et al. 2017, section 3.2).</summary>
internal sealed class Attention : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "qkv")]
    private readonly TokenLinear _queriesKeysValues;

    [ComponentName(Name = "proj")]
    private readonly TokenLinear _projection;

    private readonly int _heads;
    private readonly ScalarType _masterType;

    public Attention(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(Attention))
    {
        (_heads, _masterType) = (spec.Heads, context.MasterType);
        // Three matrices in one: each starts as if it were alone.
        _queriesKeysValues = new TokenLinear(context, spec.Width, 3 * spec.Width, spec.FixedPositions, fanOut: spec.Width);
        _projection = new TokenLinear(context, spec.Width, spec.Width, spec.FixedPositions);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var shape = input.shape;
        var depth = shape[2] / _heads;
        var parts = _queriesKeysValues.forward(input)
            .reshape(shape[0], shape[1], 3, _heads, depth)
            .permute(2, 0, 3, 1, 4)
            .unbind(0);
        var weights = parts[0].matmul(parts[1].transpose(-2, -1)).to_type(_masterType).mul(1 / Math.Sqrt(depth)).softmax(-1);
        var mixed = weights.to_type(parts[2].dtype).matmul(parts[2]).transpose(1, 2).reshape(shape);
        return _projection.forward(mixed).to_type(_masterType).MoveToOuterDisposeScope();
    }
}

/// <summary>Two layers with GELU between them (Hendrycks and Gimpel 2016, the exact form).</summary>
internal sealed class TokenPerceptron : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc1")]
    private readonly TokenLinear _first;

    [ComponentName(Name = "fc2")]
    private readonly TokenLinear _second;

    private readonly ScalarType _masterType;

    public TokenPerceptron(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(TokenPerceptron))
    {
        _masterType = context.MasterType;
        _first = new TokenLinear(context, spec.Width, spec.HiddenWidth, spec.FixedPositions);
        _second = new TokenLinear(context, spec.HiddenWidth, spec.Width, spec.FixedPositions);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _second.forward(nn.functional.gelu(_first.forward(input))).to_type(_masterType).MoveToOuterDisposeScope();
    }
}

/// <summary>A linear layer of tokens: normal weights as timm's and DINO's, or Xavier's as MoCo v3's; biases from zero.</summary>
internal sealed class TokenLinear : nn.Module<Tensor, Tensor>
{
    private const double Deviation = 0.02;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    private readonly ScalarType _computeType;

    public TokenLinear(LayerContext context, int inputs, int outputs, bool xavier, int fanOut = 0)
        : base(nameof(TokenLinear))
    {
        _computeType = context.ComputeType;
        _weight = xavier
            ? context.Xavier([outputs, inputs], inputs, fanOut > 0 ? fanOut : outputs)
            : context.Normal([outputs, inputs], Deviation);
        _bias = context.Constant([outputs], 0);
        RegisterComponents();
    }

    /// <summary>[…, inputs] to […, outputs] in the compute type.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(input.to_type(_computeType), _weight.to_type(_computeType), _bias.to_type(_computeType))
            .MoveToOuterDisposeScope();
    }
}

/// <summary>Layer norm over the width of a token (Ba et al. 2016), with the ε of timm.</summary>
internal sealed class TokenNorm : nn.Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-6;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public TokenNorm(LayerContext context, int width)
        : base(nameof(TokenNorm))
    {
        _weight = context.Constant([width], 1);
        _bias = context.Constant([width], 0);
        RegisterComponents();
    }

    /// <summary>[…, F] of the master type to the same.</summary>
    public override Tensor forward(Tensor input) => nn.functional.layer_norm(input, _weight.shape, _weight, _bias, Epsilon);
}
