using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// A vision transformer without its classifier; parameters are named as in timm and DINO: <c>cls_token</c>, <c>pos_embed</c>,
/// <c>patch_embed.proj</c>, <c>blocks.N.norm1</c>, <c>.attn.qkv</c>, <c>.attn.proj</c>, <c>.norm2</c>, <c>.mlp.fc1</c>,
/// <c>.mlp.fc2</c>, <c>norm</c>. The feature is the class token, the map the patch tokens, both after the last norm.
/// </summary>
internal sealed class VisionTransformer : ImageEncoder
{
    private const double Deviation = 0.02;
    private const double MocoDeviation = 1e-6;

    [ComponentName(Name = "cls_token")]
    private readonly Parameter _classToken;

    [ComponentName(Name = "pos_embed")]
    private readonly Parameter _positions;

    [ComponentName(Name = "patch_embed")]
    private readonly PatchEmbedding _patches;

    [ComponentName(Name = "norm")]
    private readonly TokenNorm _norm;

    private readonly TransformerBlock[] _blocks;
    private readonly VisionTransformerSpec _spec;

    public VisionTransformer(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(VisionTransformer))
    {
        _spec = spec;
        long[] places = [1, 1 + spec.Side * spec.Side, spec.Width];
        _classToken = context.Normal([1, 1, spec.Width], spec.FixedPositions ? MocoDeviation : Deviation);
        _positions = spec.FixedPositions
            ? context.Given(places, PositionEmbedding.SineCosine(spec.Side, spec.Width), learned: false)
            : context.Normal(places, Deviation);
        _patches = new PatchEmbedding(context, spec);
        _blocks = [.. Enumerable.Range(0, spec.Depth).Select(_ => new TransformerBlock(context, spec))];
        _norm = new TokenNorm(context, spec.Width);
        register_parameter("cls_token", _classToken);
        register_parameter("pos_embed", _positions);
        register_module("patch_embed", _patches);
        register_module("blocks", nn.ModuleList(_blocks));
        register_module("norm", _norm);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] to the tokens [B, 1 + h·w, F] in the master type, the class token first.</summary>
    /// <exception cref="ArgumentException">H or W is no multiple of the patch.</exception>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var shape = input.shape;
        var (height, width) = (shape[2] / _spec.PatchSize, shape[3] / _spec.PatchSize);
        if (height * _spec.PatchSize != shape[2] || width * _spec.PatchSize != shape[3])
        {
            throw new ArgumentException(
                $"Encoder {_spec.Name} expects views of whole patches of {_spec.PatchSize} pixels, found [{string.Join(", ", shape)}].", nameof(input));
        }

        var positions = PositionEmbedding.Resize(_positions, _spec.Side, height, width);
        var tokens = cat([_classToken.expand(shape[0], 1, _spec.Width), _patches.forward(input)], 1).add(positions);
        foreach (var block in _blocks)
        {
            using var previous = tokens;
            tokens = block.forward(previous);
        }

        return _norm.forward(tokens).MoveToOuterDisposeScope();
    }

    public override Tensor Features(Tensor output, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return output.select(1, 0).to_type(type).MoveToOuterDisposeScope();
    }

    public override Tensor Map(Tensor output, long height, long width)
    {
        using var scope = NewDisposeScope();
        return output.narrow(1, 1, output.shape[1] - 1)
            .transpose(1, 2)
            .reshape(output.shape[0], _spec.Width, height / _spec.PatchSize, width / _spec.PatchSize)
            .MoveToOuterDisposeScope();
    }
}

/// <summary>A convolution whose stride is its kernel: every patch to a token by one matrix.</summary>
internal sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "proj")]
    private readonly PatchProjection _projection;

    public PatchEmbedding(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(PatchEmbedding))
    {
        _projection = new PatchProjection(context, spec);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => _projection.forward(input);
}

/// <summary>The matrix of the patches, with a convolution's names and shapes.</summary>
internal sealed class PatchProjection : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    private readonly VisionTransformerSpec _spec;
    private readonly ScalarType _computeType;
    private readonly ScalarType _masterType;

    public PatchProjection(LayerContext context, VisionTransformerSpec spec)
        : base(nameof(PatchProjection))
    {
        _spec = spec;
        (_computeType, _masterType) = (context.ComputeType, context.MasterType);
        long[] shape = [spec.Width, spec.InputChannels, spec.PatchSize, spec.PatchSize];
        var fanIn = (long)spec.InputChannels * spec.PatchSize * spec.PatchSize;
        var learned = !spec.FrozenPatches;
        _weight = spec.FixedPositions ? context.Xavier(shape, fanIn, spec.Width, learned) : context.Uniform(shape, fanIn, learned);
        _bias = spec.FixedPositions ? context.Constant([spec.Width], 0, learned) : context.Uniform([spec.Width], fanIn, learned);
        RegisterComponents();
    }

    /// <summary>[B, C, H, W] to [B, h·w, F], row by row, in the master type.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (shape, patch) = (input.shape, _spec.PatchSize);
        var (height, width) = (shape[2] / patch, shape[3] / patch);
        var patches = input.to_type(_computeType)
            .reshape(shape[0], shape[1], height, patch, width, patch)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(shape[0], height * width, shape[1] * patch * patch);
        return nn.functional.linear(patches, _weight.to_type(_computeType).flatten(1), _bias.to_type(_computeType))
            .to_type(_masterType)
            .MoveToOuterDisposeScope();
    }
}
