using System.Globalization;
using OrleansContrastive.Checkpoints.Tensors;

namespace OrleansContrastive.Checkpoints.Onnx;

/// <summary>
/// A network as an ONNX model (operator set 13, IR version 7): build it node by node, in the order of computation, then write
/// it. Field numbers are those of onnx.proto. Not thread-safe.
/// </summary>
/// <param name="name">The graph's name.</param>
public sealed class OnnxGraph(string name)
{
    private const long IrVersion = 7;
    private const long OperatorSet = 13;
    private const long LargestFile = int.MaxValue;

    private readonly ProtobufMessage _graph = new ProtobufMessage().Text(2, name);
    private readonly ProtobufMessage _metadata = new();
    private readonly HashSet<string> _values = [];
    private int _nodes;

    /// <summary>An input of float32 numbers.</summary>
    /// <param name="value">Its name.</param>
    /// <param name="shape">Its sizes; a text is the name of a size that may vary, such as <c>N</c>.</param>
    /// <returns>The name.</returns>
    public string Input(string value, params IReadOnlyList<string> shape)
    {
        _graph.Message(11, ValueInfo(Fresh(value), shape));
        return value;
    }

    /// <summary>Declares a value as an output of float32 numbers.</summary>
    /// <inheritdoc cref="Input"/>
    public void Output(string value, params IReadOnlyList<string> shape)
    {
        Known(value);
        _graph.Message(12, ValueInfo(value, shape));
    }

    /// <summary>Adds weights. Their memory must not change before the model is written.</summary>
    /// <returns>Their name.</returns>
    /// <exception cref="ArgumentException">The name is taken, data does not fit the shape, or the type is neither float32 nor int64.</exception>
    public string Weights(NamedTensor tensor)
    {
        tensor.Check();
        var message = new ProtobufMessage();
        foreach (var size in tensor.Shape) message.Integer(1, size);
        message.Integer(2, tensor.Type switch
        {
            TensorType.Float32 => 1,
            TensorType.Int64 => 7,
            _ => throw new ArgumentException($"Tensor '{tensor.Name}' is {tensor.Type.Name()}; expected F32 or I64."),
        });
        _graph.Message(5, message.Text(8, Fresh(tensor.Name)).Bytes(9, tensor.Data));
        return tensor.Name;
    }

    /// <summary>Adds an operation of one output.</summary>
    /// <param name="operation">Such as <c>Conv</c>.</param>
    /// <param name="inputs">Names of inputs, weights, or earlier outputs.</param>
    /// <param name="output">The name of its output; null = a number.</param>
    /// <param name="attributes">Whole numbers (int, long), their arrays (long[]), or float.</param>
    /// <returns>The name of the output.</returns>
    /// <exception cref="ArgumentException">An input is not known, or an output name is taken.</exception>
    public string Node(string operation, IReadOnlyList<string> inputs, string? output = null, params (string Name, object Value)[] attributes)
    {
        var number = (_nodes++).ToString(CultureInfo.InvariantCulture);
        var node = new ProtobufMessage();
        foreach (var input in inputs) node.Text(1, Known(input));
        output = Fresh(output ?? $"{operation}_{number}");
        node.Text(2, output).Text(3, $"node_{number}").Text(4, operation);
        foreach (var (attribute, value) in attributes) node.Message(5, Attribute(attribute, value));
        _graph.Message(1, node);
        return output;
    }

    /// <summary>A line of free text, which runtimes show as the model's metadata.</summary>
    public void Metadata(string key, string value) => _metadata.Message(14, new ProtobufMessage().Text(1, key).Text(2, value));

    /// <summary>Writes the model.</summary>
    /// <exception cref="InvalidOperationException">It has 2 GiB or more, which the format cannot hold in one file.</exception>
    public async Task WriteAsync(Stream destination, CancellationToken cancellationToken = default)
    {
        var model = new ProtobufMessage()
            .Integer(1, IrVersion)
            .Text(2, "OrleansContrastive")
            .Message(7, _graph)
            .Message(8, new ProtobufMessage().Text(1, "").Integer(2, OperatorSet));
        if (model.Length + _metadata.Length > LargestFile)
            throw new InvalidOperationException($"The model takes {model.Length + _metadata.Length} bytes; ONNX allows {LargestFile} in one file.");
        await model.WriteAsync(destination, cancellationToken).ConfigureAwait(false);
        await _metadata.WriteAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    private static ProtobufMessage Attribute(string attribute, object value)
    {
        var message = new ProtobufMessage().Text(1, attribute);
        switch (value)
        {
            case float number:
                return message.Single(2, number).Integer(20, 1);
            case int number:
                return message.Integer(3, number).Integer(20, 2);
            case long number:
                return message.Integer(3, number).Integer(20, 2);
            case long[] numbers:
                foreach (var number in numbers) message.Integer(8, number);
                return message.Integer(20, 7);
            default:
                throw new ArgumentException($"Attribute '{attribute}' is a {value.GetType().Name}; expected int, long, long[] or float.", nameof(value));
        }
    }

    private static ProtobufMessage ValueInfo(string value, IReadOnlyList<string> sizes)
    {
        var shape = new ProtobufMessage();
        foreach (var size in sizes)
        {
            var dimension = new ProtobufMessage();
            if (long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) dimension.Integer(1, number);
            else dimension.Text(2, size);
            shape.Message(1, dimension);
        }

        var tensor = new ProtobufMessage().Integer(1, 1).Message(2, shape);
        return new ProtobufMessage().Text(1, value).Message(2, new ProtobufMessage().Message(1, tensor));
    }

    private string Known(string value) => _values.Contains(value) ? value : throw new ArgumentException($"No input, weights or node of the graph is named '{value}'.");

    private string Fresh(string value) => _values.Add(value) ? value : throw new ArgumentException($"The graph has a value named '{value}' already.");
}
