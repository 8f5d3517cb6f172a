using System.Globalization;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Onnx;
using OrleansContrastive.Checkpoints.Tensors;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>The layers that networks are built of, as ONNX operations over weights found by name.</summary>
/// <param name="graph">What is written to.</param>
/// <param name="tensors">The weights.</param>
internal sealed class GraphLayers(OnnxGraph graph, IEnumerable<NamedTensor> tensors)
{
    private const float NormEpsilon = 1e-5f;

    private readonly Dictionary<string, NamedTensor> _tensors = tensors.Select(ModelTensors.ToSingle).ToDictionary(tensor => tensor.Name);
    private readonly HashSet<string> _constants = [];

    /// <summary>The names of all weights.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>The tensor of that name; not yet in the graph.</summary>
    public NamedTensor this[string name] => _tensors[name];

    /// <summary>An operation of one output.</summary>
    public string Node(string operation, IReadOnlyList<string> inputs, string? output = null, params (string Name, object Value)[] attributes) =>
        graph.Node(operation, inputs, output, attributes);

    /// <summary>A square convolution, padded to keep the size at stride 1.</summary>
    public string Convolution(string input, string name, int stride)
    {
        var weight = _tensors[$"{name}.weight"];
        var (kernel, padding) = (weight.Shape[2], weight.Shape[2] / 2);
        return Node(
            "Conv", [input, graph.Weights(weight)], null,
            ("kernel_shape", new[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("pads", new[] { padding, padding, padding, padding }));
    }

    /// <summary>Batch norm by its running statistics.</summary>
    public string Norm(string input, string name)
    {
        // The operator knows no norm without weights.
        var mean = _tensors[$"{name}.running_mean"];
        _tensors.TryAdd($"{name}.weight", Filled(mean, $"{name}.weight", 1));
        _tensors.TryAdd($"{name}.bias", Filled(mean, $"{name}.bias", 0));
        return Node("BatchNormalization", [input, Weights($"{name}.weight"), Weights($"{name}.bias"), Weights($"{name}.running_mean"), Weights($"{name}.running_var")], null, ("epsilon", NormEpsilon));
    }

    /// <summary>The norm of a residual network: batch norm where there are running statistics, layer norm over channels and places where there are none.</summary>
    public string MapNorm(string input, string name)
    {
        if (Has($"{name}.running_mean")) return Norm(input, name);
        string ByChannel(string part) => graph.Weights(_tensors[part] with { Shape = [.. _tensors[part].Shape, 1, 1] });
        var scaled = Node("Mul", [Standardized(input, NormEpsilon, 1, 2, 3), ByChannel($"{name}.weight")]);
        return Node("Add", [scaled, ByChannel($"{name}.bias")]);
    }

    /// <summary>(x − mean)/√(variance + ε), both over some axes.</summary>
    public string Standardized(string input, float epsilon, params long[] axes)
    {
        (string, object) over = ("axes", axes);
        var centred = Node("Sub", [input, Node("ReduceMean", [input], null, over)]);
        var variance = Node("ReduceMean", [Node("Mul", [centred, centred])], null, over);
        return Node("Div", [centred, Node("Sqrt", [Node("Add", [variance, Constant("norm_epsilon", epsilon)])])]);
    }

    /// <summary>Rows [N, inputs] to [N, outputs].</summary>
    public string Linear(string input, string name)
    {
        string[] inputs = Has($"{name}.bias") ? [input, Weights($"{name}.weight"), Weights($"{name}.bias")] : [input, Weights($"{name}.weight")];
        return Node("Gemm", inputs, null, ("transB", 1));
    }

    /// <summary>The mean of the channels, in place of each of them.</summary>
    public string Grey(string pixels, int channels)
    {
        var grey = Node("ReduceMean", [pixels], null, ("axes", new long[] { 1 }));
        return Node("Concat", [.. Enumerable.Repeat(grey, channels)], null, ("axis", 1));
    }

    /// <summary>max(x, 0).</summary>
    public string Relu(string input) => Node("Relu", [input]);

    /// <summary>x·(1 + erf(x/√2))/2; the set of operators has it under no name of its own.</summary>
    public string Gelu(string input)
    {
        var erf = Node("Erf", [Node("Mul", [input, Constant("inverse_root_2", (float)(1 / Math.Sqrt(2)))])]);
        return Node("Mul", [input, Node("Mul", [Node("Add", [erf, Constant("one", 1)]), Constant("half", 0.5f)])]);
    }

    /// <summary>Puts a tensor of that name into the graph.</summary>
    public string Weights(string name) => graph.Weights(_tensors[name]);

    /// <summary>A number, put into the graph once.</summary>
    public string Constant(string name, float value) => Constant(new(name, TensorType.Float32, [], BitConverter.GetBytes(value)));

    /// <summary>Whole numbers, put into the graph once under the name that they have.</summary>
    public string Numbers(params long[] values) => Constant(new(
        $"numbers_{string.Join('_', values.Select(value => value.ToString(CultureInfo.InvariantCulture)))}", TensorType.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray()));

    /// <summary>One whole number without a dimension.</summary>
    public string Number(long value) => Constant(new($"number_{value.ToString(CultureInfo.InvariantCulture)}", TensorType.Int64, [], BitConverter.GetBytes(value)));

    /// <summary>A tensor that is computed here, put into the graph once.</summary>
    public string Constant(NamedTensor tensor)
    {
        if (_constants.Add(tensor.Name)) graph.Weights(tensor);
        return tensor.Name;
    }

    private static NamedTensor Filled(NamedTensor like, string name, float value)
    {
        var values = new float[like.Shape[0]];
        Array.Fill(values, value);
        return new(name, TensorType.Float32, like.Shape, MemoryMarshal.AsBytes<float>(values).ToArray());
    }
}
