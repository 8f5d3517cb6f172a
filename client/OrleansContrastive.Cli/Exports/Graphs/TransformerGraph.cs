using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>A vision transformer, for images of the size that its positions are made for. What operator set 13 lacks is put together.</summary>
internal static class TransformerGraph
{
    private const float NormEpsilon = 1e-6f;

    /// <summary>The features: the class token after the last norm.</summary>
    public static string Features(GraphLayers layers, VisionTransformerSpec spec, string pixels)
    {
        long[] patch = [spec.PatchSize, spec.PatchSize];
        var map = layers.Node(
            "Conv", [pixels, layers.Weights("patch_embed.proj.weight"), layers.Weights("patch_embed.proj.bias")], null, ("kernel_shape", patch), ("strides", patch));
        var tokens = layers.Node("Transpose", [layers.Node("Reshape", [map, layers.Numbers(0, spec.Width, -1)])], null, ("perm", new long[] { 0, 2, 1 }));
        // An empty first token, to which the class token is added with its position.
        var x = layers.Node("Add", [layers.Node("Pad", [tokens, layers.Numbers(0, 1, 0, 0, 0, 0)]), layers.Constant(Places(layers))]);
        for (var block = 0; block < spec.Depth; block++)
        {
            var name = FormattableString.Invariant($"blocks.{block}");
            x = layers.Node("Add", [x, Attention(layers, spec, Norm(layers, x, $"{name}.norm1"), $"{name}.attn")]);
            var hidden = layers.Gelu(Linear(layers, Norm(layers, x, $"{name}.norm2"), $"{name}.mlp.fc1"));
            x = layers.Node("Add", [x, Linear(layers, hidden, $"{name}.mlp.fc2")]);
        }

        return layers.Node("Gather", [Norm(layers, x, "norm"), layers.Number(0)], null, ("axis", 1));
    }

    // softmax(q·kᵀ/√d)·v of every head
    private static string Attention(GraphLayers layers, VisionTransformerSpec spec, string x, string name)
    {
        var (tokens, depth) = (1L + ((long)spec.Side * spec.Side), (long)(spec.Width / spec.Heads));
        var split = layers.Node("Reshape", [Linear(layers, x, $"{name}.qkv"), layers.Numbers(0, tokens, 3, spec.Heads, depth)]);
        var parts = layers.Node("Transpose", [split], null, ("perm", new long[] { 2, 0, 3, 1, 4 }));
        string Part(int part) => layers.Node("Gather", [parts, layers.Number(part)], null, ("axis", 0));
        var keys = layers.Node("Transpose", [Part(1)], null, ("perm", new long[] { 0, 1, 3, 2 }));
        var products = layers.Node("Mul", [layers.Node("MatMul", [Part(0), keys]), layers.Constant("attention_scale", (float)(1 / Math.Sqrt(depth)))]);
        var mixed = layers.Node("MatMul", [layers.Node("Softmax", [products], null, ("axis", -1)), Part(2)]);
        var joined = layers.Node("Reshape", [layers.Node("Transpose", [mixed], null, ("perm", new long[] { 0, 2, 1, 3 })), layers.Numbers(0, tokens, spec.Width)]);
        return Linear(layers, joined, $"{name}.proj");
    }

    private static string Norm(GraphLayers layers, string x, string name)
    {
        var scaled = layers.Node("Mul", [layers.Standardized(x, NormEpsilon, -1), layers.Weights($"{name}.weight")]);
        return layers.Node("Add", [scaled, layers.Weights($"{name}.bias")]);
    }

    // Tokens [N, T, inputs] times the transposed matrix.
    private static string Linear(GraphLayers layers, string x, string name)
    {
        var transposed = layers.Node("Transpose", [layers.Weights($"{name}.weight")], null, ("perm", new long[] { 1, 0 }));
        return layers.Node("Add", [layers.Node("MatMul", [x, transposed]), layers.Weights($"{name}.bias")]);
    }

    private static NamedTensor Places(GraphLayers layers)
    {
        var (positions, token) = (layers["pos_embed"], layers["cls_token"]);
        var values = MemoryMarshal.Cast<byte, float>(positions.Data.Span).ToArray();
        var own = MemoryMarshal.Cast<byte, float>(token.Data.Span);
        TensorPrimitives.Add(values.AsSpan(0, own.Length), own, values.AsSpan(0, own.Length));
        return positions with { Name = "places", Data = MemoryMarshal.AsBytes<float>(values).ToArray() };
    }
}
