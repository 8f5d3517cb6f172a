using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.ExampleMethod;

/// <summary>Options of <see cref="AlignmentUniformity"/>: <c>--set uniformity=0.5</c>, or <c>"options"</c> in a preset.</summary>
public sealed record AlignmentUniformityOptions
{
    /// <summary>α, the power of the distance between two views of an image.</summary>
    public double Power { get; init; } = 2;

    /// <summary>t of the uniformity's Gaussian potential.</summary>
    public double Sharpness { get; init; } = 2;

    /// <summary>λ, the weight of uniformity beside alignment.</summary>
    public double Uniformity { get; init; } = 1;
}

/// <summary>Alignment and uniformity on the hypersphere (Wang and Isola 2020): L = E‖x − y‖^α + λ · mean over both views of ln E exp(−t‖x_i − x_j‖²), i ≠ j.</summary>
public sealed class AlignmentUniformity(AlignmentUniformityOptions options) : IContrastiveMethod
{
    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new();

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) => new(batch, outputs: batch.Views.Select(views => Embeddings.Unit(batch.Network.forward(views))));

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets)
    {
        var (x, y) = (encoded.Outputs[0], encoded.Outputs[1]);
        var alignment = (x - y).square().sum(1).pow(options.Power / 2).mean();
        var uniformity = (Crowding(x) + Crowding(y)).div(2);
        return new(alignment + (uniformity * options.Uniformity), BatchMeters.Pairs(x, y, temperature: 1 / (2 * options.Sharpness)));
    }

    private Tensor Crowding(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var count = rows.shape[0];
        // ‖a − b‖² = 2 − 2a·b of unit rows; a row's distance to itself counts as infinite.
        var apart = 2 - (rows.mm(rows.t()) * 2) + (eye(count, dtype: rows.dtype, device: rows.device) * 1e4);
        var pairs = (apart * -options.Sharpness).view(-1).logsumexp(0);
        return (pairs - Math.Log(count * (count - 1.0))).MoveToOuterDisposeScope();
    }
}

/// <summary>Makes the method known by its name.</summary>
public sealed class ExampleModule : IMethodModule
{
    /// <inheritdoc/>
    public void Register(MethodRegistry registry) => registry.Add(MethodEntry.Of<AlignmentUniformityOptions>(
        "alignment-uniformity", "Alignment and uniformity (Wang and Isola 2020)", (_, options) => new AlignmentUniformity(options), new() { ["head"] = "linear" }));
}
