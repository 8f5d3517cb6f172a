using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class CoreTests
{
    [Fact]
    public void Arithmetic_gives_the_values_of_the_formula()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[] { 1, 2, 3, 4 }, [2, 2]);
        var b = a.mul(2) + 1 - a / 2f;
        Assert.Equal(new float[] { 2.5f, 4, 5.5f, 7 }, b.data<float>().ToArray());
        Assert.Equal(new float[] { 7, 10, 15, 22 }, a.matmul(a).data<float>().ToArray());
        Assert.Equal(10.0, a.sum().ToDouble());
    }

    [Fact]
    public void Backward_writes_the_gradient_of_the_leaf()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2, 3 }, requires_grad: true);
        var y = (x * x).sum();
        y.backward();
        Assert.Equal(new float[] { 2, 4, 6 }, x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void A_network_trains()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var net = nn.Sequential(
            ("conv", nn.Conv2d(1, 4, 3, padding: 1)), ("bn", nn.BatchNorm2d(4)), ("relu", nn.ReLU()),
            ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("fc", nn.Linear(4, 2)));
        var x = randn([8, 1, 8, 8]);
        var target = arange(8).remainder(2);
        var before = nn.functional.cross_entropy(net.call(x), target).ToDouble();
        for (var i = 0; i < 50; i++)
        {
            using var step = NewDisposeScope();
            net.zero_grad();
            nn.functional.cross_entropy(net.call(x), target).backward();
            using var ungraded = no_grad();
            foreach (var p in net.parameters()) p.sub_(p.grad!.mul(0.1));
        }

        Assert.True(nn.functional.cross_entropy(net.call(x), target).ToDouble() < before);
        Assert.Equal("conv.weight conv.bias bn.weight bn.bias fc.weight fc.bias", string.Join(' ', net.named_parameters().Select(p => p.name)));
        net.Dispose();
    }

    [Fact]
    public void A_wrong_shape_is_an_exception_with_libtorchs_message()
    {
        using var scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => zeros(2, 3).add(zeros(4, 5)));
        Assert.Contains("size of tensor a", e.Message);
    }
}
