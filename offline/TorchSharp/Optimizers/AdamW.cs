using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Adam with weight decay outside the moments (Loshchilov and Hutter 2019).</summary>
public class AdamW : optim.Optimizer
{
    private readonly Dictionary<Parameter, Moments> _moments = new(ReferenceEqualityComparer.Instance);
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _eps;
    private readonly double _weightDecay;

    public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
        : base(new ParamGroup(parameters, lr))
    {
        if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
        if (beta1 is < 0 or >= 1) throw new ArgumentException($"Invalid beta1 value: {beta1}");
        if (beta2 is < 0 or >= 1) throw new ArgumentException($"Invalid beta2 value: {beta2}");
        (_beta1, _beta2, _eps, _weightDecay) = (beta1, beta2, eps, weight_decay);
    }

    private protected override void Update(Parameter parameter, Tensor gradient, double learningRate)
    {
        if (!_moments.TryGetValue(parameter, out var m))
        {
            _moments[parameter] = m = new Moments(
                zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope());
        }

        m.Steps++;
        parameter.TimesInPlace(1 - learningRate * _weightDecay);
        m.First.TimesInPlace(_beta1).PlusScaledInPlace(gradient, 1 - _beta1);
        m.Second.TimesInPlace(_beta2).addcmul_(gradient, gradient, 1 - _beta2);
        var scale = Math.Sqrt(1 - Math.Pow(_beta2, m.Steps));
        var divisor = m.Second.sqrt().Over(scale).PlusInPlace(_eps);
        parameter.addcdiv_(m.First, divisor, -learningRate / (1 - Math.Pow(_beta1, m.Steps)));
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var m in _moments.Values)
        {
            m.First.Dispose();
            m.Second.Dispose();
        }

        _moments.Clear();
    }

    private sealed class Moments(Tensor first, Tensor second)
    {
        public Tensor First { get; } = first;

        public Tensor Second { get; } = second;

        public long Steps { get; set; }
    }
}
