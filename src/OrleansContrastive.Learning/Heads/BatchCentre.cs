using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Heads;

/// <summary>The moving mean of what a network gives, over all encoders of a run: DINO's centre (Caron et al. 2021, eq. 4, m = 0.9). It has no weights;
/// it travels and folds as a batch norm's running mean does.</summary>
public sealed class BatchCentre : nn.Module<Tensor, Tensor>, IRunningStatistics
{
    [ComponentName(Name = "running_mean")]
    private readonly Tensor _mean;

    [ComponentName(Name = "running_var")]
    private readonly Tensor _variance;

    /// <summary>Starts at zero.</summary>
    /// <param name="context">Where buffers come from.</param>
    /// <param name="width">Width of the rows.</param>
    public BatchCentre(LayerContext context, int width)
        : base(nameof(BatchCentre))
    {
        ArgumentNullException.ThrowIfNull(context);
        _mean = context.Buffer([width], 0);
        _variance = context.Buffer([width], 1);
        Moments = new BatchMoments(width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public Tensor RunningMean => _mean;

    /// <inheritdoc/>
    public Tensor RunningVariance => _variance;

    /// <inheritdoc/>
    public BatchMoments Moments { get; }

    /// <summary>Takes the mean of a batch in, to be folded when its lease is committed.</summary>
    /// <param name="rows">[B, width].</param>
    public void Record(Tensor rows)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Moments.Begin();
        Moments.Keep(rows.detach().mean([0]), ones_like(_mean));
    }

    /// <summary>Rows less the centre.</summary>
    public override Tensor forward(Tensor input) => input.sub(_mean);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Moments.Dispose();
        base.Dispose(disposing);
    }
}
