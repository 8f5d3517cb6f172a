using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>
/// Several linear classifiers (multinomial logistic regression) that differ by their learning rate alone, trained on the same
/// rows at once: one product serves all. They start at zero, which is as good as anywhere for a convex loss, and follow
/// <c>torch.optim.SGD</c>. Owns its tensors; on one executor's thread.
/// </summary>
public sealed class SoftmaxHeads : IDisposable
{
    private readonly int _heads;
    private readonly Tensor _weights;
    private readonly Tensor _biases;
    private readonly Tensor _weightVelocity;
    private readonly Tensor _biasVelocity;
    private readonly Tensor _rates;
    private readonly double _momentum;
    private readonly double _decay;

    /// <summary>Makes the classifiers.</summary>
    /// <param name="width">F, the numbers of a row.</param>
    /// <param name="classes">C.</param>
    /// <param name="options">Learning rates, momentum and weight decay.</param>
    /// <param name="device">Where they compute.</param>
    public SoftmaxHeads(int width, int classes, LinearOptions options, Device device)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        options.Validated();
        (Classes, _heads, _momentum, _decay) = (classes, options.LearningRates.Count, options.Momentum, options.WeightDecay);
        using var scope = NewDisposeScope();
        _weights = Zeros(_heads * classes, width);
        _weightVelocity = Zeros(_heads * classes, width);
        _biases = Zeros(_heads * classes);
        _biasVelocity = Zeros(_heads * classes);
        float[] rates = [.. options.LearningRates.SelectMany(rate => Enumerable.Repeat((float)rate, classes))];
        _rates = tensor(rates, device: device).DetachFromDisposeScope();

        Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>C.</summary>
    public int Classes { get; }

    /// <summary>One step of all classifiers along the mean cross-entropy of a batch.</summary>
    /// <param name="rows">[B, F].</param>
    /// <param name="targets">[B] of int64, each in [0, C).</param>
    /// <param name="factor">Of the learning rates: the schedule.</param>
    public void Step(Tensor rows, Tensor targets, double factor)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = rows.shape[0];
        // The gradient by the logits: softmax less one at the target.
        var gradient = Logits(rows).softmax(2) - nn.functional.one_hot(targets, Classes).unsqueeze(1).to_type(ScalarType.Float32);
        var flat = gradient.view(count, _heads * Classes).div(count);
        Move(_weights, _weightVelocity, flat.t().mm(rows), (_rates * factor).unsqueeze(1));
        Move(_biases, _biasVelocity, flat.sum(0L), _rates * factor);
    }

    /// <summary>Places of the true classes in each classifier's order, 0 for the first; [B, S] of int64. A classifier that has diverged gives C.</summary>
    /// <param name="rows">[B, F].</param>
    /// <param name="targets">[B] of int64, each in [0, C).</param>
    public Tensor Ranks(Tensor rows, Tensor targets)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return ClassRanks.Of(Logits(rows), targets).MoveToOuterDisposeScope();
    }

    /// <summary>[B, F] rows to [B, S, C] scores.</summary>
    public Tensor Logits(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var scope = NewDisposeScope();
        return nn.functional.linear(rows, _weights, _biases).view(rows.shape[0], _heads, Classes).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in new[] { _weights, _biases, _weightVelocity, _biasVelocity, _rates }) owned.Dispose();
    }

    private void Move(Tensor values, Tensor velocity, Tensor gradient, Tensor rates)
    {
        velocity.mul_(_momentum).add_(gradient);
        if (_decay > 0) velocity.add_(values * _decay);
        values.sub_(velocity * rates);
    }
}
