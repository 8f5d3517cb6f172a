using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>Two linear layers with a ReLU between them, and their parameters as flat bytes.</summary>
internal sealed class TinyNetwork : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _layers;

    internal TinyNetwork(int inputs, int hidden, int outputs, ScalarType type = ScalarType.Float32)
        : base(nameof(TinyNetwork))
    {
        _layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs));
        RegisterComponents();
        _ = this.to(type);
    }

    internal NetworkPort Port => new(this, Load, ReadGradients, () => []);

    public override Tensor forward(Tensor input) => _layers.forward(input);

    internal byte[] ReadWeights() => Read(parameter => parameter);

    private byte[] ReadGradients() => Read(parameter => parameter.grad!);

    private void Load(ReadOnlyMemory<byte> flat)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var offset = 0;
        foreach (var parameter in parameters())
        {
            var source = zeros_like(parameter);
            var length = (int)(parameter.NumberOfElements * parameter.ElementSize);
            source.bytes = flat.Span.Slice(offset, length).ToArray();
            parameter.copy_(source);
            offset += length;
        }
    }

    private byte[] Read(Func<Tensor, Tensor> part)
    {
        using var scope = NewDisposeScope();
        var flat = new List<byte>();
        foreach (var parameter in parameters())
        {
            flat.AddRange(part(parameter).detach().contiguous().bytes);
        }

        return [.. flat];
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _layers.Dispose();
        }

        base.Dispose(disposing);
    }
}
