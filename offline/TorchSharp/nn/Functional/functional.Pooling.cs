using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op MaxPool2d = new("aten::max_pool2d");
    public static readonly Op MaxPool2dIndices = new("aten::max_pool2d_with_indices");
    public static readonly Op AvgPool2d = new("aten::avg_pool2d");
    public static readonly Op AdaptiveAvgPool2d = new("aten::adaptive_avg_pool2d");
    public static readonly Op UpsampleNearest = new("aten::upsample_nearest2d", "vec");
    public static readonly Op UpsampleBilinear = new("aten::upsample_bilinear2d", "vec");
}

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Dispatch.Run(Aten.MaxPool2d, input, kernel_size, strides ?? kernel_size, padding ?? Zeros, dilation ?? Ones, ceil_mode);

            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, (kernel_size, kernel_size), Twice(stride), Twice(padding), Twice(dilation), ceil_mode);

            public static Tensor max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false) =>
                Dispatch.Run(Aten.MaxPool2d, input, Pair(kernel_size), Pair(stride ?? kernel_size), Pair(padding ?? (0, 0)), Pair(dilation ?? (1, 1)), ceil_mode);

            public static (Tensor output, Tensor indices) max_pool2d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Dispatch.Run2(Aten.MaxPool2dIndices, input, kernel_size, strides ?? kernel_size, padding ?? Zeros, dilation ?? Ones, ceil_mode);

            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Dispatch.Run(Aten.AvgPool2d, input, kernel_size, stride ?? kernel_size, padding ?? Zeros, ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, (kernel_size, kernel_size), Twice(stride), (padding, padding), ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Dispatch.Run(Aten.AvgPool2d, input, Pair(kernel_size), Pair(stride ?? kernel_size), Pair(padding ?? (0, 0)), ceil_mode, count_include_pad, divisor_override);

            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) => Dispatch.Run(Aten.AdaptiveAvgPool2d, input, output_size);

            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) => Dispatch.Run(Aten.AdaptiveAvgPool2d, input, Pair(output_size));

            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => Dispatch.Run(Aten.AdaptiveAvgPool2d, input, Pair((output_size, output_size)));

            /// <summary>Resizes [B, C, H, W] by size or by scale (1e-4 to 1e4), to the nearest pixel.</summary>
            public static Tensor upsample_nearest(Tensor x, long[]? size = null, double[]? scale_factor = null, bool align_corners = false) =>
                Dispatch.Run(Aten.UpsampleNearest, x, size, scale_factor);

            /// <summary>Resizes [B, C, H, W] by size or by scale (1e-4 to 1e4), between pixels.</summary>
            public static Tensor upsample_bilinear(Tensor x, long[]? size = null, double[]? scale_factor = null, bool align_corners = false) =>
                Dispatch.Run(Aten.UpsampleBilinear, x, size, align_corners, scale_factor);

            private static Arg Pair((long First, long Second) pair) => Arg.Pair(pair.First, pair.Second);

            private static (long, long)? Twice(long? value) => value is { } v ? (v, v) : null;
        }
    }
}
