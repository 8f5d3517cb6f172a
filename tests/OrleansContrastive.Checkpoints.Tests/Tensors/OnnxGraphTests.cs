using System.Text;
using OrleansContrastive.Checkpoints.Onnx;
using OrleansContrastive.Checkpoints.Tensors;

namespace OrleansContrastive.Checkpoints.Tests.Tensors;

/// <summary>The bytes of ONNX models, and graphs that make no sense. That whole networks compute is tested where they are exported.</summary>
public sealed class OnnxGraphTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_graph_of_one_node_has_the_bytes_of_the_format()
    {
        var graph = new OnnxGraph("g");
        graph.Input("x", "N");
        graph.Weights(new("w", TensorType.Float32, [1], BitConverter.GetBytes(1f)));
        graph.Output(graph.Node("Add", ["x", "w"], "y", ("axis", 300)), "2");
        graph.Metadata("k", "v");

        using var file = new MemoryStream();
        await graph.WriteAsync(file, Token);

        // Written out by hand from onnx.proto and the encoding of Protocol Buffers.
        byte[] Text(int field, string text) => [(byte)((field << 3) | 2), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
        byte[] Message(int field, params byte[][] parts) => [(byte)((field << 3) | 2), (byte)parts.Sum(part => part.Length), .. parts.SelectMany(part => part)];
        byte[] Value(string name, byte[] size) => [.. Text(1, name), .. Message(2, Message(1, [0x08, 1], Message(2, Message(1, size))))];
        byte[] axis = [.. Text(1, "axis"), 0x18, 0xac, 0x02, 0xa0, 0x01, 2];
        byte[] node = [.. Text(1, "x"), .. Text(1, "w"), .. Text(2, "y"), .. Text(3, "node_0"), .. Text(4, "Add"), .. Message(5, axis)];
        byte[] weights = [0x08, 1, 0x10, 1, .. Text(8, "w"), .. Message(9, [0, 0, 0x80, 0x3f])];
        byte[] inner = [.. Text(2, "g"), .. Message(11, Value("x", Text(2, "N"))), .. Message(5, weights), .. Message(1, node), .. Message(12, Value("y", [0x08, 2]))];
        byte[] expected =
        [
            0x08, 7, .. Text(2, "OrleansContrastive"), .. Message(7, inner), .. Message(8, Text(1, ""), [0x10, 13]), .. Message(14, Text(1, "k"), Text(2, "v")),
        ];
        Assert.Equal(expected, file.ToArray());
    }

    [Fact]
    public void What_makes_no_graph_is_refused()
    {
        var graph = new OnnxGraph("g");
        graph.Input("x", "N");

        Assert.Contains("'z'", Assert.Throws<ArgumentException>(() => graph.Node("Relu", ["z"])).Message, StringComparison.Ordinal);
        Assert.Contains("'x'", Assert.Throws<ArgumentException>(() => graph.Node("Relu", ["x"], "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => graph.Output("y", "1"));
        Assert.Throws<ArgumentException>(() => graph.Weights(new("w", TensorType.Float64, [1], new byte[8])));
        Assert.Throws<ArgumentException>(() => graph.Node("Relu", ["x"], "r", ("alpha", "text")));
    }
}
