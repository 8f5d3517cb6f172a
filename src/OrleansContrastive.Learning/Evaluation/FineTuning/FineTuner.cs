using System.Numerics;
using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.FineTuning;

/// <summary>
/// Trains an encoder and a linear classifier on its features by labels, end to end: SGD with Nesterov's momentum, the learning
/// rates falling by half a cosine. The batch norms' running moments follow the batches with momentum 0.1, as torch's do. Owns
/// the classifier, not the model; on the model's thread.
/// </summary>
public sealed class FineTuner : IDisposable
{
    private const double MomentRate = 0.1;
    private const string EncoderPrefix = "encoder.";

    private readonly ContrastiveModel _model;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly SGD? _trunk;
    private readonly SGD _head;
    private readonly FineTuneOptions _options;
    private readonly ShardLayout _moments;
    private readonly long _steps;
    private long _step;

    /// <summary>Puts a classifier of zeros behind a model's features.</summary>
    /// <param name="model">The network; its head is not used. It is trained in place.</param>
    /// <param name="classes">C.</param>
    /// <param name="options">How.</param>
    /// <param name="steps">Steps of the whole training, at least 1.</param>
    public FineTuner(ContrastiveModel model, int classes, FineTuneOptions options, long steps)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        (_model, _options, _steps) = (model, options.Validated(), steps);
        var (type, device) = (model.Layout.ElementType, model.Options.Device);
        using var scope = NewDisposeScope();
        _weight = Own(new Parameter(zeros(classes, model.FeatureWidth, dtype: type, device: device)));
        _bias = Own(new Parameter(zeros(classes, dtype: type, device: device)));
        var encoder = model.named_parameters().Where(named => named.name.StartsWith(EncoderPrefix, StringComparison.Ordinal)).Select(named => named.parameter);
        _trunk = options.LearningRate == 0 ? null : Optimizer(encoder, options.LearningRate);
        _head = Optimizer([_weight, _bias], options.HeadLearningRate);
        // A head's batch norms take no part, so they have no moments to record.
        var slots = model.Layout.Moments.Where(slot => slot.Name.StartsWith(EncoderPrefix, StringComparison.Ordinal));
        _moments = new(0, [], ModelLayout.LayOut(slots), type == ScalarType.Float64 ? sizeof(double) : sizeof(float));

        static Parameter Own(Parameter parameter)
        {
            parameter.DetachFromDisposeScope();
            return parameter;
        }
    }

    /// <summary>One step along the mean cross-entropy of a batch.</summary>
    /// <param name="views">[B, C, H, W].</param>
    /// <param name="targets">[B] of int64, each in [0, C).</param>
    /// <returns>The loss before the step.</returns>
    public double Step(Tensor views, Tensor targets)
    {
        using var scope = NewDisposeScope();
        _model.train();
        Rate(_trunk, _options.LearningRate);
        Rate(_head, _options.HeadLearningRate);
        _step++;
        _trunk?.zero_grad();
        _head.zero_grad();
        var loss = nn.functional.cross_entropy(Scores(views), targets);
        loss.backward();
        FoldMoments();
        _trunk?.step();
        _head.step();
        return loss.to_type(ScalarType.Float64).item<double>();
    }

    /// <summary>How many images of a batch have their class first, and among the first five.</summary>
    /// <param name="views">[B, C, H, W], plain.</param>
    /// <param name="targets">[B] of int64, each in [0, C).</param>
    public (int Top1, int Top5) Hits(Tensor views, Tensor targets)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _model.eval();
        var ranks = ClassRanks.Of(Scores(views).unsqueeze(1), targets);
        return ((int)ranks.lt(1).sum().item<long>(), (int)ranks.lt(5).sum().item<long>());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _trunk?.Dispose();
        _head.Dispose();
        _weight.Dispose();
        _bias.Dispose();
    }

    private SGD Optimizer(IEnumerable<Parameter> parameters, double rate) =>
        optim.SGD(parameters, rate, _options.Momentum, 0, _options.WeightDecay, nesterov: true);

    private void Rate(SGD? optimizer, double peak)
    {
        if (optimizer is null) return;
        foreach (var group in optimizer.ParamGroups) group.LearningRate = peak * 0.5 * (1 + Math.Cos(Math.PI * _step / _steps));
    }

    private Tensor Scores(Tensor views)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(_model.Features(views), _weight, _bias).MoveToOuterDisposeScope();
    }

    // In training, batch norm records what a batch has and leaves the running moments to us.
    private void FoldMoments()
    {
        if (_moments.Moments.Count == 0) return;
        var (running, batch) = (ModelExchange.ReadMoments(_model, _moments), ModelExchange.ReadBatchMoments(_model, _moments));
        if (_moments.ElementSize == sizeof(double)) Fold<double>(running, batch);
        else Fold<float>(running, batch);
        ModelExchange.LoadMoments(_model, _moments, running);

        static void Fold<T>(byte[] running, byte[] batch)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            Span<T> values = MemoryMarshal.Cast<byte, T>(running.AsSpan());
            var seen = MemoryMarshal.Cast<byte, T>(batch);
            var rate = T.CreateChecked(MomentRate);
            for (var i = 0; i < values.Length; i++) values[i] = T.Lerp(values[i], seen[i], rate);
        }
    }
}
