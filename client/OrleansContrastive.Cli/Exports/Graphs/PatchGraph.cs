using OrleansContrastive.Learning.Encoders;

namespace OrleansContrastive.Cli.Exports.Graphs;

/// <summary>An encoder of overlapping patches, whose features are the mean over the grid of them (CPC).</summary>
internal static class PatchGraph
{
    /// <summary>The mean features of an image's patches; as many patches as fit into the image.</summary>
    /// <param name="layers">What is written to.</param>
    /// <param name="grid">Side and stride of the patches.</param>
    /// <param name="pixels">[N, C, H, W].</param>
    /// <param name="width">F.</param>
    /// <param name="encode">[n, C, side, side] to [n, F].</param>
    public static string Mean(GraphLayers layers, PatchGrid grid, string pixels, int width, Func<string, string> encode)
    {
        var shape = layers.Node("Shape", [pixels]);
        // [N, C, R, side, W], and then [N, C, R, side, R, side].
        var strips = layers.Node("Gather", [pixels, Places(layers, grid, shape, axis: 2)], null, ("axis", 2));
        var squares = layers.Node("Gather", [strips, Places(layers, grid, shape, axis: 3)], null, ("axis", 4));
        var byPatch = layers.Node("Transpose", [squares], null, ("perm", new long[] { 0, 2, 4, 1, 3, 5 }));
        var channels = layers.Node("Slice", [shape, layers.Numbers(1), layers.Numbers(2)]);
        var patches = layers.Node("Reshape", [byPatch, Join(layers, layers.Numbers(-1), channels, layers.Numbers(grid.Side, grid.Side))]);

        var images = layers.Node("Slice", [shape, layers.Numbers(0), layers.Numbers(1)]);
        var rows = layers.Node("Reshape", [encode(patches), Join(layers, images, layers.Numbers(-1, width))]);
        return layers.Node("ReduceMean", [rows], null, ("axes", new long[] { 1 }), ("keepdims", 0));
    }

    // [R, side]: the rows (columns) of each patch.
    private static string Places(GraphLayers layers, PatchGrid grid, string shape, int axis)
    {
        var size = layers.Node("Gather", [shape, layers.Number(axis)]);
        var end = layers.Node("Sub", [size, layers.Number(grid.Side - 1)]);
        var starts = layers.Node("Unsqueeze", [layers.Node("Range", [layers.Number(0), end, layers.Number(grid.Stride)]), layers.Numbers(1)]);
        return layers.Node("Add", [starts, layers.Numbers([.. Enumerable.Range(0, grid.Side).Select(place => (long)place)])]);
    }

    private static string Join(GraphLayers layers, params string[] sizes) => layers.Node("Concat", sizes, null, ("axis", 0));
}
