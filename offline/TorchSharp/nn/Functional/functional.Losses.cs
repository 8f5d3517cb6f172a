using TorchSharp.Native;

namespace TorchSharp;

file static class Aten
{
    public static readonly Op CrossEntropy = new("aten::cross_entropy_loss");
    public static readonly Op NllLoss = new("aten::nll_loss_nd");
    public static readonly Op MseLoss = new("aten::mse_loss");
    public static readonly Op L1Loss = new("aten::l1_loss");
    public static readonly Op BceWithLogits = new("aten::binary_cross_entropy_with_logits");
    public static readonly Op KlDiv = new("aten::kl_div");
}

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What becomes of the losses of a batch.</summary>
        public enum Reduction
        {
            None = 0,
            Mean = 1,
            Sum = 2,
        }

        public static partial class functional
        {
            /// <summary>−log softmax(input) at the target class, input [B, C] and target [B] int64.</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0.0) =>
                Dispatch.Run(Aten.CrossEntropy, input, target, weight, (long)reduction, ignore_index, label_smoothing);

            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                Dispatch.Run(Aten.NllLoss, input, target, weight, (long)reduction);

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Dispatch.Run(Aten.MseLoss, input, target, (long)reduction);

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Dispatch.Run(Aten.L1Loss, input, target, (long)reduction);

            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null) =>
                Dispatch.Run(Aten.BceWithLogits, input, target, weight, pos_weights, (long)reduction);

            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                Dispatch.Run(Aten.KlDiv, input, target, (long)reduction, log_target);
        }
    }
}
