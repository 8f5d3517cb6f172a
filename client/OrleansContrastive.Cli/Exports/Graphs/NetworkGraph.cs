using System.Globalization;
using OrleansContrastive.Checkpoints.Onnx;
using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>
/// An encoder and its head as an ONNX graph, as a run judges it: patch by patch where its method has a grid, without colours where it sees none. Input <c>pixels</c> [N, C, H, W], normalised; outputs <c>features</c> [N, F] and, with
/// the head, <c>embedding</c> [N, D], not normalised.
/// </summary>
internal static class NetworkGraph
{
    /// <summary>The output that every graph has.</summary>
    public const string Features = "features";

    /// <summary>Describes a network.</summary>
    /// <param name="model">The network. On its thread.</param>
    /// <param name="head">Whether the head stands in the graph.</param>
    /// <exception cref="UsageException">The network is of a kind that has no graph here.</exception>
    public static OnnxGraph Create(ContrastiveModel model, bool head)
    {
        var spec = model.Encoder;
        var graph = new OnnxGraph(spec.Name);
        var layers = new GraphLayers(graph, ModelTensors.StateDict(model, head, batches: null));
        // The positions of a transformer belong to one size.
        var (height, width) = spec is VisionTransformerSpec fixedSize ? (Text(fixedSize.ImageSize), Text(fixedSize.ImageSize)) : ("height", "width");
        var pixels = graph.Input("pixels", "N", Text(spec.InputChannels), height, width);
        var seen = model.Options.Grey ? layers.Grey(pixels, spec.InputChannels) : pixels;
        var encoded = model.Options.Grid is { } grid
            ? PatchGraph.Mean(layers, grid, seen, model.FeatureWidth, patches => Encoder(layers, spec, patches, whole: false))
            : Encoder(layers, spec, seen, whole: true);
        var features = layers.Node("Identity", [encoded], Features);
        graph.Output(features, "N", Text(model.FeatureWidth));
        if (head) graph.Output(Head(layers, features, model.Head.Shape.Gelu), "N", Text(model.EmbeddingWidth));
        return graph;
    }

    private static string Encoder(GraphLayers layers, EncoderSpec spec, string pixels, bool whole) => spec switch
    {
        ResNetSpec residual => ResidualGraphs.ResNet(layers, residual, pixels),
        WideResNetSpec wide => ResidualGraphs.WideResNet(layers, wide, pixels),
        VisionTransformerSpec transformer when whole => TransformerGraph.Features(layers, transformer, pixels),
        VisionTransformerSpec => throw new UsageException(
            $"The graph of a vision transformer is for images of one size; encoder '{spec.Name}' sees patches of them here. Export it with --format torch or safetensors."),
        SignalEncoderSpec signal => SignalGraph.Features(layers, signal, pixels),
        _ => throw new UsageException(
            $"ONNX graphs are written for the encoders that come with the program; '{spec.Name}' is none of them. Export it with --format torch or safetensors."),
    };

    // A head is torch's Sequential: what holds no tensor at its position is the activation.
    private static string Head(GraphLayers layers, string features, bool gelu)
    {
        var positions = layers.Names.Where(name => name.StartsWith("head.", StringComparison.Ordinal))
            .Select(name => int.TryParse(name.Split('.')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var position)
                ? position
                : throw new UsageException($"This head cannot be written as ONNX: its tensor '{name}' belongs to no layer of a Sequential. Leave --head out."))
            .ToList();
        if (positions.Count == 0) throw new UsageException("The network has no head; leave --head out.");
        var x = features;
        for (var position = 0; position <= positions.Max(); position++)
        {
            var name = $"head.{Text(position)}";
            x = !positions.Contains(position) ? gelu ? layers.Gelu(x) : layers.Relu(x)
                : layers.Has($"{name}.running_mean") ? layers.Norm(x, name)
                : layers.Linear(x, name);
        }

        return layers.Node("Identity", [x], "embedding");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
