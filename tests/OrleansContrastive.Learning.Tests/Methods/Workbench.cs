using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>A method by name with a small network and a handful of images, trained step by step by plain gradient descent.</summary>
internal sealed class Workbench : IDisposable
{
    public const int Images = 16, Side = 24, Width = 16;

    private readonly Tensor[] _views;
    private readonly KeyQueue? _queue;
    private readonly QueueMirror? _mirror;
    private readonly MemoryBank? _bank;
    private readonly string _encoder;
    private long _step;

    public Workbench(string name, string options = "", double temperature = 0.2, int images = Images, MethodRegistry? registry = null)
    {
        var channels = name == "colorization" ? 3 : 1;
        var entry = (registry ?? MethodRegistry.Shared).Find(name);
        _encoder = entry.Defaults.GetValueOrDefault("encoder") switch
        {
            null => "resnet8-w8",
            "resnet18-ln" => "resnet8-w8-ln",
            var own => $"{own}-w16",
        };
        Method = entry.Create(new() { Temperature = temperature, ImageSize = Side, Channels = channels, QueueLength = 40 }, options);
        Model = Create(channels, (string)entry.Defaults["head"]);
        KeyModel = Create(channels, (string)entry.Defaults["head"]);
        _views = [.. Enumerable.Range(0, Method.Plan.Views).Select(view => Draw(images, channels, Method.Plan, view))];
        Ids = [.. Enumerable.Range(0, images).Select(id => (long)id)];
        Labels = [.. Ids.Select(id => id % 4)];
        if (Method.Plan.Memory == MemoryKind.Queue)
        {
            _queue = new(40, Model.EmbeddingWidth, ScalarType.Float32);
            _mirror = new(40, Model.EmbeddingWidth, ScalarType.Float32);
        }

        if (Method.Plan.Memory == MemoryKind.Bank) _bank = new(images, Model.EmbeddingWidth, 0.5, seed: 1);
    }

    public IContrastiveMethod Method { get; }

    public ContrastiveModel Model { get; }

    public ContrastiveModel KeyModel { get; }

    public long[] Ids { get; }

    public long[] Labels { get; }

    public IReadOnlyList<Tensor> Views => _views;

    public INegativeRows? Memory => _bank is not null ? _bank : _mirror;

    /// <summary>Loss and gradients of the next step, without an update.</summary>
    /// <param name="lease">What is drawn by; null = that of the next step.</param>
    public StepResult Look(long? lease = null)
    {
        Model.zero_grad();
        return MethodStep.Run(Method, Model, KeyModel, _views, Ids, Memory, new(3, lease ?? _step, _step / 4.0), Labels);
    }

    /// <summary>One step of gradient descent; the key network follows by half, the memory takes the rows in.</summary>
    public StepResult Step(double rate)
    {
        using var scope = NewDisposeScope();
        var result = Look();
        using (no_grad())
        {
            foreach (var ((name, parameter), (_, key)) in Model.named_parameters().Zip(KeyModel.named_parameters()))
            {
                if (parameter.grad is { } gradient) parameter.sub_(gradient.mul(rate));
                key.mul_(0.5).add_(parameter.mul(0.5));
            }
        }

        _step++;
        if (result.Rows is { } rows)
        {
            _queue?.Append(rows.cpu().contiguous().bytes, result.SampleIds, new(_step, _step));
            _bank?.Update(rows.cpu().contiguous().bytes, ScalarType.Float32, result.SampleIds, _step);
        }

        if (_mirror is not null) _mirror.Apply(_queue!.ReadSince(_mirror.SequenceOf(0)));
        return result;
    }

    public void Dispose()
    {
        Model.Dispose();
        KeyModel.Dispose();
        _mirror?.Dispose();
        foreach (var view in _views) view.Dispose();
        (Method as IDisposable)?.Dispose();
    }

    private ContrastiveModel Create(int channels, string head)
    {
        var model = new ContrastiveModel(
            EncoderSpec.Parse(_encoder, channels, Side), new(head, 0, Width), new() { Grid = Method.Plan.Grid, Grey = Method.Plan.Grey }, seed: 1, Method.Plan.Parts);
        model.train();
        return model;
    }

    /// <summary>Views of an image are alike: the image and a little noise of their own.</summary>
    private static Tensor Draw(int images, int channels, MethodPlan plan, int view)
    {
        var side = view >= plan.Views - plan.LocalViews ? 12 : Side;
        using var scope = NewDisposeScope();
        var image = tensor(Pattern.Single(images * channels * 16, 5), [images, channels, 4, 1, 4, 1]);
        var large = image.expand(-1, -1, -1, side / 4, -1, side / 4).reshape(images, channels, side, side);
        var noise = tensor(Pattern.Single(images * channels * side * side, (ulong)(100 + view)), [images, channels, side, side]);
        return large.add(noise.mul(0.3)).DetachFromDisposeScope();
    }
}
