using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>Residual and wide residual networks, operation by operation as they compute in evaluation.</summary>
internal static class ResidualGraphs
{
    /// <summary>The features of a residual network.</summary>
    public static string ResNet(GraphLayers layers, ResNetSpec spec, string pixels)
    {
        var large = spec.Stem == StemKind.ImageNet;
        var x = layers.Relu(layers.MapNorm(layers.Convolution(pixels, "conv1", large ? 2 : 1), "bn1"));
        if (large) x = layers.Node("MaxPool", [x], null, ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        for (var stage = 0; stage < spec.Blocks.Count; stage++)
        {
            for (var block = 0; block < spec.Blocks[stage]; block++)
                x = Block(layers, x, FormattableString.Invariant($"layer{stage + 1}.{block}"), stage > 0 && block == 0 ? 2 : 1, spec.Bottleneck);
        }

        return Mean(layers, x);
    }

    /// <summary>The features of a wide residual network: norm and ReLU stand before the convolutions.</summary>
    public static string WideResNet(GraphLayers layers, WideResNetSpec spec, string pixels)
    {
        var x = layers.Convolution(pixels, "conv1", 1);
        for (var stage = 0; stage < 3; stage++)
        {
            for (var block = 0; block < spec.BlocksPerStage; block++)
            {
                var (name, stride) = (FormattableString.Invariant($"layer{stage + 1}.{block}"), stage > 0 && block == 0 ? 2 : 1);
                var active = layers.Relu(layers.MapNorm(x, $"{name}.bn1"));
                var inner = layers.Relu(layers.MapNorm(layers.Convolution(active, $"{name}.conv1", stride), $"{name}.bn2"));
                var shortcut = layers.Has($"{name}.shortcut.weight") ? layers.Convolution(active, $"{name}.shortcut", stride) : x;
                x = layers.Node("Add", [layers.Convolution(inner, $"{name}.conv2", 1), shortcut]);
            }
        }

        return Mean(layers, layers.Relu(layers.MapNorm(x, "bn1")));
    }

    // The stride is on the first 3x3 convolution, as in torchvision.
    private static string Block(GraphLayers layers, string input, string name, int stride, bool bottleneck)
    {
        var x = input;
        var convolutions = bottleneck ? 3 : 2;
        for (var i = 1; i <= convolutions; i++)
        {
            if (i > 1) x = layers.Relu(x);
            var number = FormattableString.Invariant($"{i}");
            x = layers.MapNorm(layers.Convolution(x, $"{name}.conv{number}", i == convolutions - 1 ? stride : 1), $"{name}.bn{number}");
        }

        var shortcut = layers.Has($"{name}.downsample.0.weight")
            ? layers.MapNorm(layers.Convolution(input, $"{name}.downsample.0", stride), $"{name}.downsample.1")
            : input;
        return layers.Relu(layers.Node("Add", [x, shortcut]));
    }

    private static string Mean(GraphLayers layers, string map) => layers.Node("Flatten", [layers.Node("GlobalAveragePool", [map])], null, ("axis", 1));
}
