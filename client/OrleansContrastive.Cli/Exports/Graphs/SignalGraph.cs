using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>Convolutions over a signal and a gated recurrent unit; an image is read row by row.</summary>
internal static class SignalGraph
{
    // torch stacks a unit's gates as reset, update, new; ONNX as update, reset, new.
    private static readonly int[] Gates = [1, 0, 2];

    /// <summary>The features: the mean context.</summary>
    public static string Features(GraphLayers layers, SignalEncoderSpec spec, string pixels)
    {
        var x = layers.Node("Reshape", [pixels, layers.Numbers(0, spec.InputChannels, 1, -1)]);
        for (var i = 0; layers.Has(FormattableString.Invariant($"convs.{i}.weight")); i++)
        {
            var name = FormattableString.Invariant($"convs.{i}.weight");
            var stride = layers[name].Shape[3] / 2;
            var convolved = layers.Node(
                "Conv", [x, layers.Weights(name)], null,
                ("kernel_shape", new[] { 1, 2 * stride }), ("strides", new[] { 1, stride }), ("pads", new[] { 0, stride / 2, 0, stride / 2 }));
            x = layers.Relu(layers.Norm(convolved, FormattableString.Invariant($"norms.{i}")));
        }

        var steps = layers.Node("Transpose", [layers.Node("Squeeze", [x, layers.Numbers(2)])], null, ("perm", new long[] { 2, 0, 1 }));
        // [T, 1, N, F]. torch multiplies the reset gate after the product with the state, not before it.
        var contexts = layers.Node(
            "GRU", [steps, Stacked(layers, "W", "weight_ih_l0"), Stacked(layers, "R", "weight_hh_l0"), Stacked(layers, "B", "bias_ih_l0", "bias_hh_l0")], null,
            ("hidden_size", spec.Width), ("linear_before_reset", 1));
        return layers.Node("ReduceMean", [contexts], null, ("axes", new long[] { 0, 1 }), ("keepdims", 0));
    }

    /// <summary>Tensors in ONNX's order of gates, one after the other, with a first dimension for the one direction.</summary>
    private static string Stacked(GraphLayers layers, string name, params string[] parts)
    {
        var values = new List<byte>();
        foreach (var tensor in parts.Select(part => layers[$"gru.{part}"]))
        {
            var gate = tensor.Data.Length / Gates.Length;
            foreach (var place in Gates) values.AddRange(tensor.Data.Span.Slice(place * gate, gate));
        }

        var shape = layers[$"gru.{parts[0]}"].Shape.ToArray();
        shape[0] *= parts.Length;
        return layers.Constant(new($"gru.{name}", TensorType.Float32, [1, .. shape], values.ToArray()));
    }
}
