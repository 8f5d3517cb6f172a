using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Batch norm over parts of a batch (Ioffe and Szegedy, 2015; the parts stand for MoCo's devices, section 3.3). In training
/// every part is normalised by its own statistics, which are recorded and not folded into the running ones; in
/// evaluation the running statistics are used. Part s of S holds the samples from s·B/S to (s + 1)·B/S.
/// </summary>
public sealed class SplitBatchNorm : MapNorm, IRunningStatistics
{
    internal const double Epsilon = 1e-5;

    [ComponentName(Name = "weight")]
    private readonly Parameter? _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    [ComponentName(Name = "running_mean")]
    private readonly Tensor _runningMean;

    [ComponentName(Name = "running_var")]
    private readonly Tensor _runningVariance;

    // What stands in for weight and bias where there are none. In an array, or they would be registered as buffers.
    private readonly Tensor[] _fixed = [];
    private readonly int _channels;
    private readonly int _splits;
    private readonly ScalarType _type;
    private readonly bool _fuses;

    /// <summary>Makes the layer.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="channels">C.</param>
    /// <param name="affine">Whether it scales and shifts by weights of its own.</param>
    /// <param name="scale">What those that scale start at.</param>
    public SplitBatchNorm(LayerContext context, int channels, bool affine = true, double scale = 1)
        : base(nameof(SplitBatchNorm))
    {
        _channels = channels;
        _splits = context.Options.BatchNormSplits;
        _type = context.MasterType;
        _fuses = context.Options.Device.type == DeviceType.CPU && context.Options.UsesChannelsLast;
        if (affine) (_weight, _bias) = (context.Constant([channels], scale), context.Constant([channels], 0));
        else _fixed = [context.Buffer([channels], 1), context.Buffer([channels], 0)];
        _runningMean = context.Buffer([channels], 0);
        _runningVariance = context.Buffer([channels], 1);
        Moments = new BatchMoments(channels);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public Tensor RunningMean => _runningMean;

    /// <inheritdoc/>
    public Tensor RunningVariance => _runningVariance;

    /// <inheritdoc/>
    public BatchMoments Moments { get; }

    private Tensor Weight => _weight ?? _fixed[0];

    private Tensor Bias => _bias ?? _fixed[1];

    /// <summary>
    /// Normalises, adds a shortcut, rectifies: in one operation where it can. The result is of the master type, or of
    /// bfloat16 like its input.
    /// </summary>
    /// <inheritdoc/>
    public override Tensor Normalize(Tensor input, bool rectify, Tensor? shortcut = null, bool reuseInput = false)
    {
        using var scope = NewDisposeScope();
        // The fused formulation reads and writes bfloat16 itself and computes in single precision.
        var type = _fuses && input.dtype == ScalarType.BFloat16 && _type == ScalarType.Float32 ? input.dtype : _type;
        var x = input.to_type(type);
        var other = shortcut?.to_type(type);
        CheckShape(x, other);
        var records = is_grad_enabled() && (x.requires_grad || Weight.requires_grad);
        Tensor y;
        if (!_fuses || (!training && records))
        {
            x = x.to_type(_type);
            y = training ? NormalizeSplits(x) : nn.functional.batch_norm(
                x, _runningMean, _runningVariance, Weight, Bias, training: false, 0, Epsilon);
            if (other is not null) y = y + other.to_type(_type);
            if (rectify) y = nn.functional.relu(y);
        }
        else
        {
            var call = new BatchNormCall(
                _splits, rectify, training ? Moments : null, _runningMean, _runningVariance, get_num_threads());
            y = records
                ? FusedBatchNorm.apply(x, Weight, Bias, other!, call)
                : call.Forward(x, Weight, Bias, other, reuseInput || input.dtype != type);
        }

        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Moments.Dispose();
            foreach (var tensor in _fixed) tensor.Dispose();
        }

        base.Dispose(disposing);
    }

    // The reference formulation, for devices and layouts that the fused one does not serve.
    private Tensor NormalizeSplits(Tensor x)
    {
        Moments.Begin();
        var parts = new Tensor[_splits];
        var means = new Tensor[_splits];
        var variances = new Tensor[_splits];
        for (var s = 0; s < _splits; s++)
        {
            var (start, length) = BatchNormCall.Split(x.shape[0], s, _splits);

            // With momentum 1 the "running" statistics become those of the batch, the variance unbiased.
            means[s] = zeros_like(_runningMean);
            variances[s] = zeros_like(_runningVariance);
            var part = _splits == 1 ? x : x.narrow(0, start, length);
            parts[s] = nn.functional.batch_norm(
                part, means[s], variances[s], Weight, Bias, training: true, 1, Epsilon);
        }

        using (no_grad()) Moments.Keep(stack(means).mean([0]), stack(variances).mean([0]));
        return _splits == 1 ? parts[0] : cat(parts, 0);
    }

    private void CheckShape(Tensor x, Tensor? shortcut)
    {
        var shape = x.shape;
        if (shape.Length is not (2 or 4) || shape[1] != _channels)
        {
            throw new ArgumentException(
                $"Batch norm of {_channels} channels expects [B, {_channels}] or [B, {_channels}, H, W], found [{string.Join(", ", shape)}].");
        }

        if (shortcut is not null && !shortcut.shape.AsSpan().SequenceEqual(shape))
        {
            throw new ArgumentException(
                $"The shortcut has the shape [{string.Join(", ", shortcut.shape)}], expected that of the input, [{string.Join(", ", shape)}].");
        }

        if (!training) return;
        var smallest = shape[0] / _splits * (shape.Length == 4 ? shape[2] * shape[3] : 1);
        if (smallest < 2)
        {
            throw new ArgumentException(
                $"Batch norm in training needs at least 2 values per channel in each of its {_splits} splits, found {smallest} in a batch of {shape[0]}.");
        }
    }
}
