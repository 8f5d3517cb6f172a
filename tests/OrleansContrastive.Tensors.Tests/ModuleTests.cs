using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class ModuleTests : TensorTest
{
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1 = nn.Conv2d(2, 4, 3, padding: 1, bias: false);
        private readonly BatchNorm2d bn1 = nn.BatchNorm2d(4);
        private readonly nn.Module<Tensor, Tensor> downsample = nn.Sequential(("0", nn.Conv2d(2, 4, 1, bias: false)), ("1", nn.BatchNorm2d(4)));
        private readonly Parameter scale = nn.Parameter(ones(1));
        private readonly Tensor steps = zeros(1);

        public Block() : base(nameof(Block)) => RegisterComponents();

        public override Tensor forward(Tensor input) => (bn1.call(conv1.call(input)) + downsample.call(input)) * scale + steps;
    }

    [Fact]
    public void Fields_are_registered_under_their_names()
    {
        using var block = new Block();
        Assert.Equal(
            ["bn1.bias", "bn1.weight", "conv1.weight", "downsample.0.weight", "downsample.1.bias", "downsample.1.weight", "scale"],
            block.named_parameters().Select(p => p.name).Order());
        Assert.Equal(
            ["bn1.num_batches_tracked", "bn1.running_mean", "bn1.running_var", "downsample.1.num_batches_tracked", "downsample.1.running_mean", "downsample.1.running_var", "steps"],
            block.named_buffers().Select(b => b.name).Order());
        Assert.Equal(["conv1", "bn1", "downsample"], block.named_children().Select(c => c.name));
        Assert.Contains("downsample.1", block.named_modules().Select(m => m.name));
        Assert.Equal(14, block.state_dict().Count);
    }

    [Fact]
    public void Parameters_are_found_by_their_full_names()
    {
        using var block = new Block();
        Assert.Equal([4L, 2L, 1L, 1L], block.get_parameter("downsample.0.weight")!.shape);
        Assert.Equal([4L], block.get_buffer("bn1.running_var")!.shape);
        Assert.Null(block.get_parameter("downsample.7.weight"));
        Assert.True(block.has_buffer("steps"));
    }

    [Fact]
    public void A_state_dict_carries_one_networks_values_to_another()
    {
        using var a = new Block();
        using var b = new Block();
        var x = rand(2, 2, 5, 5);
        a.eval();
        b.eval();
        Assert.False(a.call(x).allclose(b.call(x)));
        b.load_state_dict(a.state_dict());
        Assert.True(a.call(x).allclose(b.call(x)));
    }

    [Fact]
    public void A_state_dict_with_other_names_is_refused_unless_asked()
    {
        using var block = new Block();
        var state = new Dictionary<string, Tensor> { ["scale"] = full(1, 3f), ["nonsense"] = ones(1) };
        Assert.Throws<InvalidOperationException>(() => block.load_state_dict(state));
        var (missing, unexpected) = block.load_state_dict(state, strict: false);
        Assert.Equal(13, missing.Count);
        Assert.Equal(["nonsense"], unexpected);
        AssertElements([3], block.get_parameter("scale")!.detach());
        Assert.Throws<ExternalException>(() => block.load_state_dict(new Dictionary<string, Tensor> { ["bn1.weight"] = ones(9) }, strict: false));
    }

    [Fact]
    public void Training_and_evaluation_reach_every_part()
    {
        using var block = new Block();
        Assert.True(block.training);
        block.eval();
        Assert.All(block.modules(), m => Assert.False(m.training));
        block.train();
        Assert.All(block.modules(), m => Assert.True(m.training));
    }

    [Fact]
    public void Conversion_keeps_names_gradients_and_integers()
    {
        using var block = new Block();
        block.call(rand(2, 2, 5, 5)).sum().backward();
        var names = block.named_parameters().Select(p => p.name).ToArray();
        block.to(ScalarType.Float64);
        Assert.Equal(names, block.named_parameters().Select(p => p.name));
        Assert.All(block.parameters(), p => Assert.Equal(ScalarType.Float64, p.dtype));
        Assert.All(block.parameters(), p => Assert.Equal(ScalarType.Float64, p.grad!.dtype));
        Assert.Equal(ScalarType.Float64, block.get_buffer("bn1.running_mean")!.dtype);
        Assert.Equal(ScalarType.Float64, block.call(rand([2, 2, 5, 5], ScalarType.Float64)).dtype);
        Assert.Throws<ArgumentException>(() => block.to(ScalarType.Int64));
    }

    [Fact]
    public void Zero_grad_forgets_gradients()
    {
        using var block = new Block();
        block.call(rand(2, 2, 5, 5)).sum().backward();
        Assert.All(block.parameters(), p => Assert.NotNull(p.grad));
        block.zero_grad();
        Assert.All(block.parameters(), p => Assert.Null(p.grad));
    }

    [Fact]
    public void Buffers_and_modules_are_registered_by_hand_too()
    {
        using var sequential = nn.Sequential(("only", nn.ReLU()));
        Assert.Equal(["only"], sequential.named_children().Select(c => c.name));
        using var holder = new Holder();
        Assert.Equal(["queue"], holder.state_dict().Keys);
        Assert.Throws<InvalidOperationException>(() => holder.register_buffer("queue", ones(1)));
        Assert.Throws<ArgumentException>(() => holder.register_module("a.b", nn.Identity()));
    }

    [Fact]
    public void Numbered_modules_are_named_by_their_numbers()
    {
        using var holder = new ListHolder();
        Assert.Equal(["layers.0.weight", "layers.1.weight"], holder.named_parameters().Select(p => p.name));
    }

    [Fact]
    public void Hooks_run_around_forward_and_can_be_taken_away()
    {
        using var relu = nn.ReLU();
        var hook = relu.register_forward_hook((_, _, output) => output + 1);
        AssertElements([1, 3], relu.call(tensor(new float[] { -1, 2 })));
        hook.remove();
        AssertElements([0, 2], relu.call(tensor(new float[] { -1, 2 })));
    }

    [Fact]
    public void A_disposed_module_has_disposed_its_tensors()
    {
        var block = new Block();
        var tensors = block.state_dict().Values.ToArray();
        block.Dispose();
        Assert.All(tensors, t => Assert.True(t.IsInvalid));
    }

    private sealed class Holder : nn.Module
    {
        public Holder() : base(nameof(Holder)) => register_buffer("queue", zeros(2));
    }

    private sealed class ListHolder : nn.Module
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers = nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(2, 2, hasBias: false), nn.Linear(2, 2, hasBias: false));

        public ListHolder() : base(nameof(ListHolder)) => RegisterComponents();
    }
}
