using TorchSharp.Modules;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class OptimizerTests : TensorTest
{
    [Fact]
    public void Momentum_gathers_velocity()
    {
        var p = Leaf(1);
        using var sgd = optim.SGD([p], 0.1, momentum: 0.9, weight_decay: 0.5);
        // v1 = 2 + 0.5 * 1; p1 = 1 - 0.1 * 2.5; v2 = 0.9 * 2.5 + 2 + 0.5 * 0.75; p2 = p1 - 0.1 * v2
        Step(sgd, p, 2);
        AssertElements([0.75f], p.detach());
        Step(sgd, p, 2);
        AssertElements([0.75f - 0.1f * (2.25f + 2.375f)], p.detach());
    }

    [Fact]
    public void Nesterov_looks_ahead()
    {
        var p = Leaf(1);
        using var sgd = optim.SGD([p], 0.1, momentum: 0.5, nesterov: true);
        Step(sgd, p, 1);
        AssertElements([1 - 0.1f * 1.5f], p.detach());
    }

    [Fact]
    public void Adam_with_decoupled_decay()
    {
        var p = Leaf(1);
        using var adam = optim.AdamW([p], 0.1, weight_decay: 0.01);
        // the first corrected moments are g and g^2, so the step is lr
        Step(adam, p, 4);
        AssertElements([1 - 0.001f - 0.1f], p.detach());
        Step(adam, p, 4);
        AssertElements([0.899f * 0.999f - 0.1f], p.detach(), 1e-5f);
    }

    [Fact]
    public void A_parameter_without_a_gradient_stays()
    {
        var p = Leaf(1);
        using var sgd = optim.SGD([p], 0.1, weight_decay: 1);
        sgd.step();
        AssertElements([1], p.detach());
    }

    [Fact]
    public void Schedules_set_the_rate()
    {
        var p = Leaf(1);
        using var sgd = optim.SGD([p], 1.0);
        var cosine = optim.lr_scheduler.CosineAnnealingLR(sgd, 4);
        var rates = Enumerable.Range(0, 5).Select(_ =>
        {
            var rate = sgd.ParamGroups.First().LearningRate;
            cosine.step();
            return rate;
        }).ToArray();
        for (var i = 0; i < rates.Length; i++) Assert.Equal((1 + Math.Cos(Math.PI * i / 4)) / 2, rates[i], 1e-12);
    }

    [Fact]
    public void Milestones_lower_the_rate()
    {
        var p = Leaf(1);
        using var sgd = optim.SGD([p], 1.0);
        var steps = optim.lr_scheduler.MultiStepLR(sgd, [1, 3]);
        var rates = new List<double>();
        for (var i = 0; i < 4; i++)
        {
            rates.Add(sgd.ParamGroups.First().LearningRate);
            steps.step();
        }

        Assert.Equal([1, 0.1, 0.1, 0.01], rates.Select(r => Math.Round(r, 6)));
    }

    private static Parameter Leaf(float value) => nn.Parameter(full(1, value));

    private static void Step(optim.Optimizer optimizer, Parameter p, float gradient)
    {
        optimizer.zero_grad();
        (p * gradient).sum().backward();
        optimizer.step();
    }
}
