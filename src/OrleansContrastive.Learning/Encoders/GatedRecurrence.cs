using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>A gated recurrent unit (Cho et al. 2014) of one layer with torch's names, gates (reset, update, new) and start. It computes in
/// the type of its weights: what is rounded would go round.</summary>
internal sealed class GatedRecurrence : nn.Module<Tensor, Tensor>
{
    private const int Gates = 3;

    [ComponentName(Name = "weight_ih_l0")]
    private readonly Parameter _inputWeight;

    [ComponentName(Name = "weight_hh_l0")]
    private readonly Parameter _stateWeight;

    [ComponentName(Name = "bias_ih_l0")]
    private readonly Parameter _inputBias;

    [ComponentName(Name = "bias_hh_l0")]
    private readonly Parameter _stateBias;

    private readonly int _width;

    /// <summary>Draws the weights, uniform in ±1/√width as torch does.</summary>
    /// <param name="context">Where weights come from.</param>
    /// <param name="inputs">Width of the input.</param>
    /// <param name="width">H, the width of the state.</param>
    public GatedRecurrence(LayerContext context, int inputs, int width)
        : base(nameof(GatedRecurrence))
    {
        _width = width;
        _inputWeight = context.Uniform([Gates * width, inputs], width);
        _stateWeight = context.Uniform([Gates * width, width], width);
        _inputBias = context.Uniform([Gates * width], width);
        _stateBias = context.Uniform([Gates * width], width);
        RegisterComponents();
    }

    /// <summary>[B, T, inputs] to the state behind each, [B, T, H]; the state before the first is 0.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var state = zeros([input.shape[0], _width], dtype: input.dtype, device: input.device);
        var states = new List<Tensor>();
        foreach (var here in nn.functional.linear(input, _inputWeight, _inputBias).unbind(1))
        {
            var before = nn.functional.linear(state, _stateWeight, _stateBias);
            var gates = (here.narrow(1, 0, 2 * _width) + before.narrow(1, 0, 2 * _width)).sigmoid();
            var (reset, update) = (gates.narrow(1, 0, _width), gates.narrow(1, _width, _width));
            var fresh = (here.narrow(1, 2 * _width, _width) + (reset * before.narrow(1, 2 * _width, _width))).tanh();
            state = fresh + (update * (state - fresh));
            states.Add(state);
        }

        return stack(states, 1).MoveToOuterDisposeScope();
    }
}
