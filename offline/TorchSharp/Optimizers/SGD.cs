using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>v ← μ v + (1 − dampening)(g + λ θ), θ ← θ − lr v; the first v is g + λ θ itself.</summary>
public class SGD : optim.Optimizer, optim.IMomentum
{
    private readonly Dictionary<Parameter, Tensor> _velocity = new(ReferenceEqualityComparer.Instance);
    private readonly double _dampening;
    private readonly double _weightDecay;
    private readonly bool _nesterov;
    private readonly bool _maximize;

    public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        : base(new ParamGroup(parameters, lr))
    {
        if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
        if (momentum < 0) throw new ArgumentException($"Invalid momentum value: {momentum}");
        if (weight_decay < 0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
        if (nesterov && (momentum <= 0 || dampening != 0)) throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening");
        (Momentum, _dampening, _weightDecay, _nesterov, _maximize) = (momentum, dampening, weight_decay, nesterov, maximize);
    }

    public double Momentum { get; set; }

    private protected override void Update(Parameter parameter, Tensor gradient, double learningRate)
    {
        if (_weightDecay != 0) gradient = gradient.add(parameter, _weightDecay);
        if (Momentum != 0)
        {
            if (_velocity.TryGetValue(parameter, out var velocity)) velocity.TimesInPlace(Momentum).PlusScaledInPlace(gradient, 1 - _dampening);
            else _velocity[parameter] = velocity = gradient.clone().detach().DetachFromDisposeScope();
            gradient = _nesterov ? gradient.add(velocity, Momentum) : velocity;
        }

        parameter.PlusScaledInPlace(gradient, _maximize ? learningRate : -learningRate);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var velocity in _velocity.Values) velocity.Dispose();
        _velocity.Clear();
    }
}
