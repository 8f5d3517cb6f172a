using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op Linear = new("aten::linear");
    public static readonly Op Conv2d = new("aten::conv2d");
    public static readonly Op BatchNorm = new("aten::batch_norm");
    public static readonly Op LayerNorm = new("aten::layer_norm");
    public static readonly Op GroupNorm = new("aten::group_norm");
    public static readonly Op Relu = new("aten::relu");
    public static readonly Op Relu_ = new("aten::relu_");
    public static readonly Op LeakyRelu = new("aten::leaky_relu");
    public static readonly Op Gelu = new("aten::gelu");
    public static readonly Op Silu = new("aten::silu");
    public static readonly Op Softplus = new("aten::softplus");
    public static readonly Op LogSigmoid = new("aten::log_sigmoid");
    public static readonly Op Softmax = new("aten::softmax", "int");
    public static readonly Op LogSoftmax = new("aten::log_softmax", "int");
    public static readonly Op Dropout = new("aten::dropout");
    public static readonly Op Dropout_ = new("aten::dropout_");
    public static readonly Op NormDim = new("aten::norm", "ScalarOpt_dim");
    public static readonly Op CosineSimilarity = new("aten::cosine_similarity");
    public static readonly Op OneHot = new("aten::one_hot");
    public static readonly Op Pad = new("aten::pad");
}

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor relu() => Dispatch.Run(Aten.Relu, this);
        public Tensor relu_() => Dispatch.RunInPlace(Aten.Relu_, this);
        public Tensor softmax(long dim, ScalarType? dtype = null) => Dispatch.Run(Aten.Softmax, this, dim, dtype);
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Dispatch.Run(Aten.LogSoftmax, this, dim, dtype);
        public Tensor softplus(double beta = 1, double threshold = 20) => Dispatch.Run(Aten.Softplus, this, beta, threshold);
        public Tensor log_sigmoid() => Dispatch.Run(Aten.LogSigmoid, this);
        public Tensor gelu() => Dispatch.Run(Aten.Gelu, this);
        public Tensor silu() => Dispatch.Run(Aten.Silu, this);
        public Tensor leaky_relu(Scalar negative_slope) => Dispatch.Run(Aten.LeakyRelu, this, negative_slope);
    }

    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

    public static partial class nn
    {
        /// <summary>The functions under the layers.</summary>
        public static partial class functional
        {
            private static readonly long[] Ones = [1, 1];
            private static readonly long[] Zeros = [0, 0];

            /// <summary>x W^T + b.</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Dispatch.Run(Aten.Linear, input, weights, bias);

            /// <summary>Cross-correlation of [B, C, H, W] with [out, C/groups, kh, kw].</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Dispatch.Run(Aten.Conv2d, input, weight, bias, strides ?? Ones, padding ?? Zeros, dilation ?? Ones, groups);

            /// <summary>
            /// Normalises each channel; in training by the batch's moments, folding them (the variance unbiased) into the
            /// running ones with the given momentum.
            /// </summary>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                Dispatch.Run(Aten.BatchNorm, input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Dispatch.Run(Aten.LayerNorm, input, normalized_shape, weight, bias, eps);

            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Dispatch.Run(Aten.GroupNorm, input, num_groups, weight, bias, eps);

            /// <summary>Divides by the p-norm along a dimension, by eps at least.</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
            {
                using var norm = Dispatch.Run(Aten.NormDim, input, p, Arg.One(dim), true);
                using var bounded = norm.clamp_min(eps);
                return input.div(bounded);
            }

            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();

            public static Tensor gelu(Tensor x) => x.gelu();

            public static Tensor silu(Tensor x, bool inplace = false) => x.silu();

            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            public static Tensor tanh(Tensor x) => x.tanh();

            public static Tensor softplus(Tensor x, double beta = 1.0, double threshold = 20.0) => x.softplus(beta, threshold);

            public static Tensor logsigmoid(Tensor x) => x.log_sigmoid();

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => inplace
                ? Dispatch.RunInPlace(Aten.Dropout_, input, p, training).alias()
                : Dispatch.Run(Aten.Dropout, input, p, training);

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) =>
                Dispatch.Run(Aten.CosineSimilarity, x1, x2, dim, eps);

            public static Tensor one_hot(Tensor x, long num_classes = -1) => Dispatch.Run(Aten.OneHot, x, num_classes);

            /// <summary>Pads pairs of (before, after), the last dimension first.</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Constant => Dispatch.Run(Aten.Pad, input, pad, "constant", value),
                PaddingModes.Zeros => Dispatch.Run(Aten.Pad, input, pad, "constant", 0.0),
                PaddingModes.Reflect => Dispatch.Run(Aten.Pad, input, pad, "reflect"),
                PaddingModes.Replicate => Dispatch.Run(Aten.Pad, input, pad, "replicate"),
                PaddingModes.Circular => Dispatch.Run(Aten.Pad, input, pad, "circular"),
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Expected one of the padding modes."),
            };
        }
    }
}
