using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// An encoder with its head. Parameters are named <c>encoder.…</c> as in torchvision (timm) and <c>head.…</c> as in torch's
/// Sequential. Weights are drawn from counter-based random numbers: equal seeds give equal models on every machine.
/// Use it from one executor thread; it owns its tensors and outlives dispose scopes.
/// </summary>
/// <remarks>
/// In training, batch norm records the moments of the batch (<see cref="ModelExchange.ReadBatchMoments"/>) and leaves
/// the running statistics alone; evaluation uses the running statistics.
/// </remarks>
public sealed class ContrastiveModel : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly ImageEncoder _encoder;

    [ComponentName(Name = "head")]
    private readonly Perceptron? _head;

    private readonly Dictionary<string, nn.Module> _parts = [];
    private readonly Dictionary<string, Parameter> _parameterByName;
    private readonly Dictionary<string, IRunningStatistics> _normByName = [];
    private readonly ScalarType _masterType;

    /// <summary>Builds a model and draws its weights.</summary>
    /// <param name="encoder">Which network.</param>
    /// <param name="head">What stands behind it.</param>
    /// <param name="options">How it computes, and where.</param>
    /// <param name="seed">The seed of the weights.</param>
    /// <param name="parts">A method's own layers; null = none.</param>
    /// <exception cref="ArgumentException">The head or an option is out of range.</exception>
    public ContrastiveModel(EncoderSpec encoder, HeadSpec head, ModelOptions options, ulong seed, IReadOnlyList<ModelPart>? parts = null)
        : base(nameof(ContrastiveModel))
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(options);
        head.Validated();
        if (options.BatchNormSplits < 1)
            throw new ArgumentException($"Batch norm needs 1 split or more, found {options.BatchNormSplits}.", nameof(options));

        Encoder = encoder;
        Head = head;
        Options = options;
        FeatureWidth = encoder.FeatureWidth;
        EmbeddingWidth = head.Kind == "none" ? FeatureWidth : head.OutputWidth;

        var context = new LayerContext(options, seed);
        _masterType = context.MasterType;
        _encoder = encoder.Build(context);
        if (head.Kind != "none")
            _head = new Perceptron(context, head.Shape, FeatureWidth, head.HiddenWidth == 0 ? FeatureWidth : head.HiddenWidth, head.OutputWidth);
        register_module("encoder", _encoder);
        if (_head is not null) register_module("head", _head);
        foreach (var part in parts ?? [])
        {
            var module = part.Create(context, new(FeatureWidth, EmbeddingWidth));
            register_module(part.Name, module);
            _parts.Add(part.Name, module);
        }

        RegisterComponents();

        _parameterByName = named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var (name, module) in named_modules())
        {
            if (module is IRunningStatistics norm) _normByName[name] = norm;
        }

        Layout = DescribeLayout(options);
    }

    /// <summary>Which network it is.</summary>
    public EncoderSpec Encoder { get; }

    /// <summary>What stands behind it.</summary>
    public HeadSpec Head { get; }

    /// <summary>How it computes.</summary>
    public ModelOptions Options { get; }

    /// <summary>F, the numbers of a feature vector.</summary>
    public int FeatureWidth { get; }

    /// <summary>D, the numbers of an embedding: the output of the head.</summary>
    public int EmbeddingWidth { get; }

    /// <summary>What it exchanges with parameter shards and checkpoints.</summary>
    public ModelLayout Layout { get; }

    /// <summary>[B, C, H, W] views in any float type to [B, D] embeddings in fp32 (fp64), not normalised.</summary>
    /// <exception cref="ArgumentException">The views have another number of dimensions or channels.</exception>
    public override Tensor forward(Tensor input)
    {
        var features = Features(input);
        if (_head is null) return features;
        using (features) return _head.forward(features);
    }

    /// <summary>[B, F] features to [B, D] embeddings.</summary>
    public Tensor Project(Tensor features) => _head is null ? features.alias() : _head.forward(features);

    /// <summary>A part that the method put in.</summary>
    /// <exception cref="ArgumentException">There is none of this name and kind.</exception>
    public TModule Part<TModule>(string name) where TModule : nn.Module =>
        _parts.GetValueOrDefault(name) as TModule
        ?? throw new ArgumentException($"The model has no part '{name}' of kind {typeof(TModule).Name}; its parts are: {string.Join(", ", _parts.Keys)}.");

    /// <summary>Sends rows through a part.</summary>
    /// <param name="name">Name of a part that takes one tensor and gives one.</param>
    /// <param name="rows">What it takes.</param>
    public Tensor Through(string name, Tensor rows) => Part<nn.Module<Tensor, Tensor>>(name).forward(rows);

    /// <summary>[B, C, H, W] views to [B, F] features in fp32 (fp64): the average over the feature map, or the class token, and the average over the patches where the model has a grid of them.</summary>
    public Tensor Features(Tensor views)
    {
        if (Options.Grid is null) return MapFeatures(views);
        using var scope = NewDisposeScope();
        return GridFeatures(views).mean([1, 2]).MoveToOuterDisposeScope();
    }

    /// <summary>[B, C, S, S] views to the features of each patch, [B, R, R, F].</summary>
    /// <exception cref="InvalidOperationException">The model has no grid.</exception>
    public Tensor GridFeatures(Tensor views)
    {
        var grid = Options.Grid ?? throw new InvalidOperationException("The model encodes whole images; it has no grid of patches.");
        using var scope = NewDisposeScope();
        var (patches, rows) = Patches.Grid(views, grid.Side, grid.Stride);
        return MapFeatures(patches).view(views.shape[0], rows, rows, FeatureWidth).MoveToOuterDisposeScope();
    }

    /// <summary>[n, C, h, w] images or patches to their features [n, F], whether or not the model has a grid.</summary>
    public Tensor MapFeatures(Tensor views)
    {
        using var scope = NewDisposeScope();
        return FeaturesOf(Encode(views)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, C, H, W] views to the [B, F, h, w] map of the last stage, or of the patch tokens.</summary>
    public Tensor FeatureMap(Tensor views)
    {
        using var scope = NewDisposeScope();
        return MapOf(Encode(views), views).MoveToOuterDisposeScope();
    }

    /// <summary>[B, C, H, W] views, read row by row, to their latents z_t and contexts c_t, [B, T, F] each.</summary>
    /// <exception cref="InvalidOperationException">The encoder is none of sequences.</exception>
    public (Tensor Latents, Tensor Contexts) Sequence(Tensor views)
    {
        var encoder = _encoder as SequenceEncoder
            ?? throw new InvalidOperationException($"Sequences need an encoder of sequences, such as conv1d-gru; found {Encoder.Name}.");
        using var scope = NewDisposeScope();
        var encoded = Encode(views);
        return (encoder.Latents(encoded).MoveToOuterDisposeScope(), encoder.Contexts(encoded).MoveToOuterDisposeScope());
    }

    /// <summary>One pass through the encoder, of which both features and map are made.</summary>
    internal Tensor Encode(Tensor views)
    {
        ArgumentNullException.ThrowIfNull(views);
        var shape = views.shape;
        if (shape.Length != 4 || shape[1] != Encoder.InputChannels)
        {
            throw new ArgumentException(
                $"Encoder {Encoder.Name} expects views [B, {Encoder.InputChannels}, H, W], found [{string.Join(", ", shape)}].",
                nameof(views));
        }

        if (!Options.Grey) return _encoder.forward(views);
        using var scope = NewDisposeScope();
        return _encoder.forward(views.mean([1], keepdim: true).expand(shape).contiguous()).MoveToOuterDisposeScope();
    }

    internal Tensor FeaturesOf(Tensor encoded) => _encoder.Features(encoded, _masterType);

    internal Tensor MapOf(Tensor encoded, Tensor views) => _encoder.Map(encoded, views.shape[2], views.shape[3]);

    internal Parameter ParameterOf(TensorSlot slot) =>
        _parameterByName.TryGetValue(slot.Name, out var parameter)
            ? parameter
            : throw new ArgumentException($"The model of encoder {Encoder.Name} and head {Head.Kind} has no parameter '{slot.Name}'.");

    /// <summary>The batch norm that a moment belongs to, and whether it is the variance.</summary>
    internal (IRunningStatistics Norm, bool IsVariance) NormOf(TensorSlot slot)
    {
        var cut = slot.Name.LastIndexOf('.');
        return _normByName.TryGetValue(slot.Name[..Math.Max(cut, 0)], out var norm)
            ? (norm, slot.Name.EndsWith("running_var", StringComparison.Ordinal))
            : throw new ArgumentException($"The model of encoder {Encoder.Name} and head {Head.Kind} has no batch norm '{slot.Name}'.");
    }

    private ModelLayout DescribeLayout(ModelOptions options)
    {
        var parameters = _parameterByName.Select(p => new TensorSlot(
            p.Key,
            p.Value.shape,
            0,
            checked((int)p.Value.numel()),
            p.Value.requires_grad && (options.DecayNormsAndBiases || p.Value.dim() > 1),
            !p.Value.requires_grad));
        // In the order of the parameters, since modules are listed level by level.
        var names = _parameterByName.Keys.ToList();
        var norms = _normByName.OrderBy(n => (uint)names.IndexOf($"{n.Key}.weight"));
        var moments = norms.SelectMany(n => new[]
        {
            new TensorSlot($"{n.Key}.running_mean", n.Value.RunningMean.shape, 0, (int)n.Value.RunningMean.numel(), false),
            new TensorSlot($"{n.Key}.running_var", n.Value.RunningVariance.shape, 0, (int)n.Value.RunningVariance.numel(), false),
        });
        return new ModelLayout(ModelLayout.LayOut(parameters), ModelLayout.LayOut(moments), _masterType);
    }
}
