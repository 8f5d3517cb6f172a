using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using TorchSharp;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Processor seconds of one ResNet-18 training step (forward, backward, SGD with momentum) issued from C#, in fp32, on one thread.</summary>
internal sealed class ResNetStepRow(int batch) : Contestant
{
    private ContrastiveModel? _model;
    private torch.optim.Optimizer? _optimizer;
    private torch.Tensor? _images;

    protected override void Prepare()
    {
        torch.set_num_threads(1);
        torch.random.manual_seed(0);
        var encoder = EncoderSpec.Parse("resnet18", channels: 3, imageSize: 32);
        _model = new ContrastiveModel(encoder, new HeadSpec("none", 0, 0), new ModelOptions(), seed: 1);
        _model.train();
        _optimizer = torch.optim.SGD(_model.parameters(), 0.01, momentum: 0.9);
        _images = torch.randn(batch, 3, 32, 32);
        Measure();
    }

    protected override double Measure() => CpuSeconds(() =>
    {
        using var scope = torch.NewDisposeScope();
        _optimizer!.zero_grad();
        var loss = _model!.Features(_images!).square().mean();
        loss.backward();
        _optimizer.step();
    });

    protected override void Release()
    {
        _optimizer?.Dispose();
        _model?.Dispose();
        _images?.Dispose();
    }
}
