using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods;

/// <summary>What PIRL does to an image.</summary>
public enum PirlPretext
{
    /// <summary>Cuts it into 3 x 3 cells in random order.</summary>
    Jigsaw,

    /// <summary>Turns it by a random number of right angles.</summary>
    Rotation,
}

/// <summary>Options of <see cref="PretextInvariance"/>.</summary>
public sealed record PirlOptions
{
    /// <summary>λ: the share of the transformed image in the loss (0.5 in the paper), 0 to 1.</summary>
    public double Lambda { get; init; } = 0.5;

    /// <summary>The transformation.</summary>
    public PirlPretext Pretext { get; init; }
}

/// <summary>PIRL (Misra and van der Maaten 2020): a transformed image, its own embedding and its row in a memory bank agree.</summary>
/// <remarks>L = λ L(m_I, g(I^t)) + (1 − λ) L(m_I, f(I)), eq. 5, against the other rows of the bank; only f(I) moves the row. L is noise-contrastive estimation with
/// <c>sampling=noise</c> as in the paper, and a softmax otherwise.</remarks>
public sealed class PretextInvariance(MethodContext context, PirlOptions options) : IContrastiveMethod
{
    private const int Cells = 3;

    /// <inheritdoc/>
    public MethodPlan Plan { get; } = new()
    {
        QueryViews = [0, 1],
        Input = Encoders.EncoderInput.Images,
        Memory = MemoryKind.Bank,
        NeedsOwnRows = true,
        Contrast = new() { Temperature = context.Temperature, Sampling = context.Sampling, MaskOwnSamples = context.MaskOwnSamples },
        Parts = options.Pretext == PirlPretext.Rotation
            ? [Parts.Linear("turned")]
            : [Parts.Linear("patch"), new("joined", (layers, widths) => new LinearLayer(layers, Cells * Cells * widths.Embedding, widths.Embedding, bias: true))],
    };

    /// <inheritdoc/>
    public EncodedBatch Encode(MethodBatch batch) => new(
        batch,
        queries:
        [
            Embeddings.Unit(batch.Network.forward(batch.Views[0])),
            Embeddings.Unit(options.Pretext == PirlPretext.Rotation ? Turned(batch) : Pieces(batch)),
        ]);

    /// <inheritdoc/>
    public MethodLoss Loss(EncodedBatch encoded, MethodTargets targets) =>
        new(new ContrastTerm(0, targets.OwnRows!, 1 - options.Lambda), new ContrastTerm(1, targets.OwnRows!, options.Lambda)) { Rows = encoded.Queries[0] };

    /// <summary>g: the cells one by one, put side by side in random order.</summary>
    private static Tensor Pieces(MethodBatch batch)
    {
        var model = batch.Model;
        var pieces = Patches.Jigsaw(batch.Views[1], Cells, batch.Position);
        var rows = model.Through("patch", model.Features(pieces.flatten(0, 1)));
        return model.Through("joined", Patches.Arrange(rows, Patches.DrawOrders(batch.Position, batch.SampleIds, Cells * Cells)));
    }

    private static Tensor Turned(MethodBatch batch)
    {
        var model = batch.Model;
        var quarters = Patches.Draw(batch.Position, batch.SampleIds, 4);
        Tensor[] turned = [.. quarters.Select((turn, image) => Patches.Turn(batch.Views[1].narrow(0, image, 1), (int)turn))];
        return model.Through("turned", model.Features(cat(turned)));
    }
}
