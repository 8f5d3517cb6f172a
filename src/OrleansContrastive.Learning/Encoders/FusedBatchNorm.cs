using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>Batch norm, shortcut and ReLU as one node of the autograd graph, computed by <see cref="BatchNormCall"/>.</summary>
internal sealed class FusedBatchNorm : autograd.SingleTensorFunction<FusedBatchNorm>
{
    public override string Name => nameof(FusedBatchNorm);

    /// <summary>Takes input, weight, bias, shortcut or null, and the <see cref="BatchNormCall"/>.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor x = (Tensor)vars[0], weight = (Tensor)vars[1], bias = (Tensor)vars[2];
        var shortcut = vars[3] as Tensor;
        var call = (BatchNormCall)vars[4];
        var y = call.Forward(x, weight, bias, shortcut, reuse: false);

        // Only behind a shortcut does the output know more about the ReLU than the input does.
        ctx.save_for_backward(shortcut is not null && call.Rectifies ? [x, weight, y] : [x, weight]);
        ctx.save_data(nameof(BatchNormCall), call);
        ctx.save_data(nameof(shortcut), shortcut is not null);
        return y;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var call = (BatchNormCall)ctx.get_data(nameof(BatchNormCall));
        var hasShortcut = (bool)ctx.get_data("shortcut");
        var (input, weight, bias, shortcut) =
            call.Backward(grad_output, saved[0], saved[1], saved.Count > 2 ? saved[2] : null);
        if (hasShortcut) shortcut ??= grad_output.alias();
        foreach (var gradient in new[] { input, weight, bias, shortcut }) gradient?.MoveToOuterDisposeScope();
        return [input, weight, bias, shortcut!, null!];
    }
}
