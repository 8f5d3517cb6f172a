using System.Globalization;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Onnx;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports;

/// <summary>
/// A residual network and its head as an ONNX graph, operation by operation as the encoder computes them in evaluation. Input
/// <c>pixels</c> [N, C, H, W], normalised; outputs <c>features</c> [N, F] and, with the head, <c>embedding</c> [N, D], not
/// normalised.
/// </summary>
internal sealed class NetworkGraph
{
    private const float Epsilon = 1e-5f;

    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, NamedTensor> _tensors;
    private readonly HashSet<string> _constants = [];

    private NetworkGraph(OnnxGraph graph, IEnumerable<NamedTensor> tensors) =>
        (_graph, _tensors) = (graph, tensors.Select(ModelTensors.ToSingle).ToDictionary(tensor => tensor.Name));

    /// <summary>Describes a network.</summary>
    /// <param name="model">The network. On its thread.</param>
    /// <param name="head">Whether the head stands in the graph.</param>
    public static OnnxGraph Create(ContrastiveModel model, bool head)
    {
        if (model.Encoder is not ResNetSpec spec)
            throw new UsageException($"ONNX graphs are written for residual networks (resnet8, 18, 34, 50); encoder '{model.Encoder.Name}' is none. Export it with --format torch or safetensors.");
        var graph = new OnnxGraph(spec.Name);
        var network = new NetworkGraph(graph, ModelTensors.StateDict(model, head, batches: null));
        var pixels = graph.Input("pixels", "N", Text(spec.InputChannels), "height", "width");
        var features = network.ResNet(spec, pixels);
        graph.Output(features, "N", Text(model.FeatureWidth));
        if (head) graph.Output(network.Head(features, model.Head.Shape.Gelu), "N", Text(model.EmbeddingWidth));
        return graph;
    }

    private string ResNet(ResNetSpec spec, string pixels)
    {
        var large = spec.Stem == StemKind.ImageNet;
        var x = Relu(Norm(Convolution(pixels, "conv1", large ? 2 : 1), "bn1"));
        if (large) x = _graph.Node("MaxPool", [x], null, ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        for (var stage = 0; stage < spec.Blocks.Count; stage++)
        {
            for (var block = 0; block < spec.Blocks[stage]; block++)
                x = Block(x, $"layer{Text(stage + 1)}.{Text(block)}", stage > 0 && block == 0 ? 2 : 1, spec.Bottleneck);
        }

        return _graph.Node("Flatten", [_graph.Node("GlobalAveragePool", [x])], "features", ("axis", 1));
    }

    // The stride is on the first 3x3 convolution, as in torchvision.
    private string Block(string input, string name, int stride, bool bottleneck)
    {
        var x = input;
        var convolutions = bottleneck ? 3 : 2;
        for (var i = 1; i <= convolutions; i++)
        {
            if (i > 1) x = Relu(x);
            x = Norm(Convolution(x, $"{name}.conv{Text(i)}", i == convolutions - 1 ? stride : 1), $"{name}.bn{Text(i)}");
        }

        var shortcut = _tensors.ContainsKey($"{name}.downsample.0.weight")
            ? Norm(Convolution(input, $"{name}.downsample.0", stride), $"{name}.downsample.1")
            : input;
        return Relu(_graph.Node("Add", [x, shortcut]));
    }

    // A head is torch's Sequential: what holds no tensor at its position is the activation.
    private string Head(string features, bool gelu)
    {
        var positions = _tensors.Keys.Where(name => name.StartsWith("head.", StringComparison.Ordinal))
            .Select(name => int.TryParse(name.Split('.')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
                ? position
                : throw new UsageException($"This head cannot be written as ONNX: its tensor '{name}' belongs to no layer of a Sequential. Leave --head out."))
            .ToList();
        if (positions.Count == 0) throw new UsageException("The network has no head; leave --head out.");
        var x = features;
        for (var position = 0; position <= positions.Max(); position++)
        {
            var name = $"head.{Text(position)}";
            x = !positions.Contains(position) ? gelu ? Gelu(x) : Relu(x)
                : _tensors.ContainsKey($"{name}.running_mean") ? Norm(x, name)
                : Linear(x, name);
        }

        return _graph.Node("Identity", [x], "embedding");
    }

    private string Convolution(string input, string name, int stride)
    {
        var weight = _tensors[$"{name}.weight"];
        var (kernel, padding) = (weight.Shape[2], weight.Shape[2] / 2);
        return _graph.Node(
            "Conv", [input, _graph.Weights(weight)], null,
            ("kernel_shape", new[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("pads", new[] { padding, padding, padding, padding }));
    }

    private string Norm(string input, string name)
    {
        // The operator knows no norm without weights.
        var mean = _tensors[$"{name}.running_mean"];
        _tensors.TryAdd($"{name}.weight", Filled(mean, $"{name}.weight", 1));
        _tensors.TryAdd($"{name}.bias", Filled(mean, $"{name}.bias", 0));
        return _graph.Node(
            "BatchNormalization", [input, Weights(name, "weight"), Weights(name, "bias"), Weights(name, "running_mean"), Weights(name, "running_var")], null, ("epsilon", Epsilon));
    }

    private static NamedTensor Filled(NamedTensor like, string name, float value)
    {
        var values = new float[like.Shape[0]];
        Array.Fill(values, value);
        return new(name, TensorType.Float32, like.Shape, MemoryMarshal.AsBytes<float>(values).ToArray());
    }

    private string Linear(string input, string name)
    {
        string[] inputs = _tensors.ContainsKey($"{name}.bias")
            ? [input, Weights(name, "weight"), Weights(name, "bias")]
            : [input, Weights(name, "weight")];
        return _graph.Node("Gemm", inputs, null, ("transB", 1));
    }

    // x·(1 + erf(x/√2))/2; the set of operators has it under no name of its own.
    private string Gelu(string input)
    {
        var erf = _graph.Node("Erf", [_graph.Node("Mul", [input, Constant("inverse_root_2", (float)(1 / Math.Sqrt(2)))])]);
        var factor = _graph.Node("Mul", [_graph.Node("Add", [erf, Constant("one", 1)]), Constant("half", 0.5f)]);
        return _graph.Node("Mul", [input, factor]);
    }

    private string Constant(string name, float value)
    {
        if (_constants.Add(name)) _graph.Weights(new(name, TensorType.Float32, [], BitConverter.GetBytes(value)));
        return name;
    }

    private string Relu(string input) => _graph.Node("Relu", [input]);

    private string Weights(string name, string part) => _graph.Weights(_tensors[$"{name}.{part}"]);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
