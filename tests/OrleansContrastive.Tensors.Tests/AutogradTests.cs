using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class AutogradTests : TensorTest
{
    [Fact]
    public void Backward_writes_the_gradient_of_the_leaf()
    {
        var x = tensor(new float[] { 1, 2, 3 }, requires_grad: true);
        (x * x).sum().backward();
        AssertElements([2, 4, 6], x.grad!);
    }

    [Fact]
    public void Gradients_add_up_until_they_are_cleared()
    {
        var x = tensor(new float[] { 1, 2 }, requires_grad: true);
        (x * 3).sum().backward();
        (x * 3).sum().backward();
        AssertElements([6, 6], x.grad!);
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void Backward_takes_given_output_gradients()
    {
        var x = tensor(new float[] { 1, 2 }, requires_grad: true);
        (x * x).backward([tensor(new float[] { 10, 100 })]);
        AssertElements([20, 400], x.grad!);
    }

    [Fact]
    public void Grad_answers_without_touching_the_leaf()
    {
        var x = tensor(new float[] { 2, 3 }, requires_grad: true);
        var y = x.pow(3).sum();
        var gradient = autograd.grad([y], [x])[0];
        AssertElements([12, 27], gradient);
        Assert.Null(x.grad);
    }

    [Fact]
    public void A_second_derivative_needs_the_graph_of_the_first()
    {
        var x = tensor(new float[] { 2 }, requires_grad: true);
        var first = autograd.grad([x.pow(3).sum()], [x], create_graph: true)[0];
        AssertElements([12], autograd.grad([first.sum()], [x])[0]);
    }

    [Fact]
    public void A_surrogate_with_a_given_gradient_has_that_gradient()
    {
        var q = rand([3, 4], requires_grad: true);
        var g = rand(3, 4);
        var dot = (q * g).sum();
        var loss = tensor(5f) + dot - dot.detach();
        Assert.Equal(5f, loss.item<float>(), 1e-5f);
        loss.backward();
        AssertElements(g.data<float>().ToArray(), q.grad!);
    }

    [Fact]
    public void A_graph_is_used_once_unless_kept()
    {
        var x = ones([2], requires_grad: true);
        var y = x.exp().sum();
        y.backward(retain_graph: true);
        y.backward();
        Assert.Throws<ExternalException>(() => y.backward());
    }

    [Fact]
    public void Backward_of_many_elements_needs_a_gradient()
    {
        var x = ones([2], requires_grad: true);
        var e = Assert.Throws<ExternalException>(() => (x * 2).backward());
        Assert.Contains("scalar", e.Message);
    }

    [Fact]
    public void Detach_shares_memory_and_leaves_the_graph()
    {
        var x = ones([2], requires_grad: true);
        var free = x.detach();
        Assert.False(free.requires_grad);
        free.fill_(7);
        AssertElements([7, 7], x.detach());
    }

    [Fact]
    public void No_grad_nests_and_ends()
    {
        var x = ones([2], requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
            Assert.False(is_grad_enabled());
            x.add_(1);
        }

        Assert.True(is_grad_enabled());
        AssertElements([2, 2], x.detach());
    }

    [Fact]
    public void A_leaf_in_a_graph_is_not_written()
    {
        var x = ones([2], requires_grad: true);
        Assert.Throws<ExternalException>(() => x.add_(1));
    }

    [Fact]
    public void Inference_mode_makes_tensors_that_only_a_clone_brings_back()
    {
        Tensor made;
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            made = ones(2);
        }

        Assert.False(is_inference_mode_enabled());
        var x = ones([2], requires_grad: true);
        Assert.Throws<ExternalException>(() => (x * made).sum().backward());
        (x * made.clone()).sum().backward();
        AssertElements([1, 1], x.grad!);
    }

    [Fact]
    public void Grad_mode_belongs_to_its_thread()
    {
        using var ungraded = no_grad();
        var enabled = false;
        var thread = new Thread(() => enabled = is_grad_enabled());
        thread.Start();
        thread.Join();
        Assert.True(enabled);
        Assert.False(is_grad_enabled());
    }

    [Fact]
    public void Numerical_and_analytic_gradients_agree()
    {
        random.manual_seed(3);
        var x = rand([4, 5], ScalarType.Float64).sub(0.5).requires_grad_();
        var w = rand([6, 5], ScalarType.Float64);
        Tensor Loss(Tensor input) => nn.functional.normalize(nn.functional.linear(input, w)).logsumexp(1).mean();
        Loss(x).backward();
        var analytic = x.grad!.data<double>().ToArray();
        using var ungraded = no_grad();
        const double step = 1e-5;
        for (var i = 0; i < analytic.Length; i++)
        {
            var data = x.detach().clone();
            var place = data.view(-1);
            place[i] = place[i] + step;
            var above = Loss(data).item<double>();
            place[i] = place[i] - 2 * step;
            var numeric = (above - Loss(data).item<double>()) / (2 * step);
            Assert.Equal(numeric, analytic[i], 1e-7);
        }
    }
}
