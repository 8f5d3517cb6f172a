using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class LayerTests : TensorTest
{
    [Fact]
    public void A_convolution_is_the_sum_over_its_window()
    {
        using var conv = nn.Conv2d(1, 1, 3, padding: 1, bias: false);
        nn.init.ones_(conv.weight);
        AssertElements([4, 6, 4, 6, 9, 6, 4, 6, 4], conv.call(ones(1, 1, 3, 3)).flatten());
        Assert.Equal([1L, 1L, 2L, 2L], nn.functional.conv2d(ones(1, 1, 4, 4), conv.weight, null, [2, 2], [1, 1]).shape);
        Assert.Throws<ArgumentException>(() => conv.call(ones(1, 2, 3, 3)));
    }

    [Fact]
    public void A_fresh_layer_is_drawn_within_the_bound_of_its_fan_in()
    {
        using var linear = nn.Linear(16, 8);
        Assert.Equal([8L, 16L], linear.weight.shape);
        Assert.True(linear.weight.abs().max().item<float>() <= 0.25f);
        Assert.True(linear.bias!.abs().max().item<float>() <= 0.25f);
        Assert.True(linear.weight.requires_grad);
        using var conv = nn.Conv2d(4, 8, 3);
        Assert.True(conv.weight.abs().max().item<float>() <= 1 / 6.0f + 1e-6f);
        var (fanIn, fanOut) = nn.init.CalculateFanInAndFanOut(conv.weight);
        Assert.Equal((36L, 72L), (fanIn, fanOut));
    }

    [Fact]
    public void Batch_norm_uses_the_batch_in_training_and_the_past_in_evaluation()
    {
        using var norm = nn.BatchNorm1d(1);
        var x = tensor(new float[] { 1, 2, 3, 4 }, [4, 1]);
        AssertElements([-1.3416355f, -0.4472118f, 0.4472118f, 1.3416355f], norm.call(x).flatten(), 1e-5f);
        AssertElements([0.25f], norm.running_mean!);
        AssertElements([0.9f + 0.1f * 5 / 3], norm.running_var!);
        Assert.Equal(1L, norm.num_batches_tracked!.item<long>());
        norm.eval();
        AssertElements([(4 - 0.25f) / MathF.Sqrt(0.9f + 0.5f / 3 + 1e-5f)], norm.call(x)[3], 1e-5f);
        Assert.Equal(1L, norm.num_batches_tracked!.item<long>());
    }

    [Fact]
    public void Batch_norm_without_running_moments_returns_the_batchs_own_through_momentum_one()
    {
        var mean = zeros(2);
        var variance = zeros(2);
        var x = rand(8, 2, 3, 3);
        nn.functional.batch_norm(x, mean, variance, training: true, momentum: 1);
        Assert.True(mean.allclose(x.mean([0, 2, 3]), atol: 1e-6));
        Assert.True(variance.allclose(x.var([0L, 2L, 3L]), atol: 1e-6));
    }

    [Fact]
    public void Pools()
    {
        var x = arange(16, ScalarType.Float32).view(1, 1, 4, 4);
        using var max = nn.MaxPool2d(2);
        using var avg = nn.AvgPool2d(2);
        using var adaptive = nn.AdaptiveAvgPool2d((1, 1));
        AssertElements([5, 7, 13, 15], max.call(x).flatten());
        AssertElements([2.5f, 4.5f, 10.5f, 12.5f], avg.call(x).flatten());
        AssertElements([7.5f], adaptive.call(x).flatten());
        Assert.Equal([1L, 1L, 2L, 2L], nn.functional.max_pool2d(x, 3, 2, 1).shape);
        AssertElements([2.5f, 4.5f, 10.5f, 12.5f], nn.functional.adaptive_avg_pool2d(x, 2).flatten());
    }

    [Fact]
    public void Rows_become_unit_vectors()
    {
        var rows = nn.functional.normalize(tensor(new float[] { 3, 4, 0, 0 }, [2, 2]));
        AssertElements([0.6f, 0.8f, 0, 0], rows.flatten());
    }

    [Fact]
    public void Losses()
    {
        var logits = tensor(new float[] { 1, 2, 3, 1, 2, 3 }, [2, 3]);
        var target = tensor(new long[] { 2, 0 });
        Assert.Equal((0.4076059 + 2.4076059) / 2, nn.functional.cross_entropy(logits, target).item<float>(), 1e-5);
        AssertElements([0.4076059f, 2.4076059f], nn.functional.cross_entropy(logits, target, reduction: nn.Reduction.None), 1e-5f);
        Assert.Equal(2.8152118, nn.functional.nll_loss(nn.functional.log_softmax(logits, 1), target, reduction: nn.Reduction.Sum).item<float>(), 1e-5);
        Assert.Equal(1, nn.functional.softmax(logits, 1)[0].sum().item<float>(), 1e-6);
        Assert.Throws<ExternalException>(() => nn.functional.cross_entropy(logits, tensor(new long[] { 3, 0 })));
    }

    [Fact]
    public void A_sequence_keeps_its_input_and_disposes_what_lies_between()
    {
        using var net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Flatten());
        using var scope = NewDisposeScope();
        var x = rand(4, 2);
        var y = net.call(x);
        Assert.False(x.IsInvalid);
        Assert.False(y.IsInvalid);
        Assert.Equal(2, scope.DisposablesCount);
        Assert.Equal(["0.weight", "0.bias"], net.named_parameters().Select(p => p.name));
    }

    [Fact]
    public void Channels_last_by_strides_gives_the_same_result()
    {
        using var conv = nn.Conv2d(3, 4, 3, padding: 1);
        var x = rand(2, 3, 8, 8);
        var last = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Assert.Equal([192L, 1L, 24L, 3L], last.stride());
        Assert.True(conv.call(x).allclose(conv.call(last), atol: 1e-5));
    }

    [Fact]
    public void Bfloat16_weights_compute_near_the_full_ones()
    {
        var x = rand(4, 16);
        var w = rand(8, 16);
        var near = nn.functional.linear(x.bfloat16(), w.bfloat16()).@float();
        Assert.True(near.allclose(nn.functional.linear(x, w), rtol: 0.03));
    }

    [Fact]
    public void A_network_trains()
    {
        random.manual_seed(1);
        using var net = nn.Sequential(
            ("conv", nn.Conv2d(1, 4, 3, padding: 1)), ("bn", nn.BatchNorm2d(4)), ("relu", nn.ReLU()),
            ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("fc", nn.Linear(4, 2)));
        using var sgd = optim.SGD(net.parameters(), 0.1, momentum: 0.9);
        var x = randn(8, 1, 8, 8);
        var target = arange(8).remainder(2);
        var before = nn.functional.cross_entropy(net.call(x), target).item<float>();
        for (var i = 0; i < 40; i++)
        {
            using var step = NewDisposeScope();
            sgd.zero_grad();
            nn.functional.cross_entropy(net.call(x), target).backward();
            sgd.step();
        }

        Assert.True(nn.functional.cross_entropy(net.call(x), target).item<float>() < before);
    }
}
