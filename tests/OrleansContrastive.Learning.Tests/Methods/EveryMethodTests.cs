using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>What every method must do, whatever it is.</summary>
public sealed class EveryMethodTests
{
    // Options with which the parts that are off by default take part as well.
    private static readonly Dictionary<string, string> Options = new()
    {
        ["instdisc"] = """{"proximal":0.5}""",
        ["swav"] = """{"prototypes":12,"localCrops":1,"queueLength":24,"frozenEpochs":0.25}""",
        ["dino"] = """{"prototypes":12,"localCrops":1,"teacherWarmUpEpochs":2,"frozenEpochs":0.25}""",
        ["jigsaw"] = """{"orders":6}""",
        ["dcl"] = """{"sigma":0.5}""",
        ["cpc"] = """{"patch":8,"stride":4,"steps":2}""",
        ["cpc-sequence"] = """{"steps":3}""",
        ["cpc-v2"] = """{"patch":8,"stride":4,"steps":2}""",
    };

    public static TheoryData<string> Names => [.. MethodRegistry.Shared.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_learns_from_a_handful_of_images_and_leaves_no_tensor_behind(string name)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(name, Options.GetValueOrDefault(name, ""));
        var losses = new List<double>();
        // What a pretext task asks is drawn anew for every lease; this one it is asked before and after.
        const long Asked = 1000;
        using var before = bench.Look(Asked);
        // Where patches of 6 pixels lie is learned slowest.
        var (steps, rate) = name switch
        {
            "relative-patch" => (200, 0.1),
            "cpc" or "cpc-v2" or "cpc-sequence" or "n-pair" => (14, 0.01),
            _ => (14, 0.03),
        };
        for (var step = 0; step < steps; step++)
        {
            using var result = bench.Step(rate);
            Assert.True(result.Loss.IsFinite, $"Step {step} of {name} lost {result.Loss.Loss}.");
            losses.Add(result.Loss.Loss);
        }

        if (name is "jigsaw" or "relative-patch" or "frame-order")
        {
            using var after = bench.Look(Asked);
            Assert.True(after.Loss.Loss < before.Loss.Loss, $"{name} lost {before.Loss.Loss:F3} before and {after.Loss.Loss:F3} after.");
            return;
        }

        // A queue makes the task harder until it is full, after the third step: the means of what follows are compared.
        var first = bench.Method.Plan.Memory == MemoryKind.Queue ? losses[3..6] : losses[..3];
        Assert.True(losses[^4..].Average() < first.Average(), $"{name} lost {string.Join(", ", losses.Select(loss => loss.ToString("F3")))}.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradient_reaches_the_first_layer_and_is_the_same_every_time(string name)
    {
        using var leaks = new TensorLeaks();
        // SwAV's queue of its own moves on with every look at the loss.
        using var bench = new Workbench(name, Options.GetValueOrDefault(name, "").Replace("\"queueLength\":24", "\"queueLength\":0", StringComparison.Ordinal));
        // A step later there is a memory to contrast with.
        bench.Step(0.01).Dispose();
        using var first = bench.Look();
        var gradient = FirstLayer(bench);
        using var second = bench.Look();
        Assert.Equal(first.Loss.Loss, second.Loss.Loss, 1e-6);
        Close.All(gradient, FirstLayer(bench), 1e-6);
        Assert.Contains(gradient, slope => Math.Abs(slope) > 1e-9);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_plan_is_what_it_does(string name)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(name, Options.GetValueOrDefault(name, ""));
        using var result = bench.Look();
        var plan = bench.Method.Plan;
        Assert.Equal(plan.Memory != MemoryKind.None, result.Rows is not null);
        Assert.Equal(plan.Memory == MemoryKind.None ? 0 : plan.RowsPerSample * Workbench.Images, result.SampleIds.Length);
        if (result.Rows is { } rows)
        {
            Assert.False(rows.requires_grad);
            using var lengths = rows.norm(1);
            Assert.All(lengths.data<float>().ToArray(), length => Assert.Equal(1, length, 1e-5));
        }

        Assert.Equal(Workbench.Images, result.Loss.Samples);
        Assert.True(double.IsFinite(result.Loss.ChanceLevel + result.Loss.Entropy + result.Loss.PositiveSimilarity));
        Assert.InRange(result.Loss.Accuracy, 0, 1);
    }

    private static float[] FirstLayer(Workbench bench)
    {
        using var scope = NewDisposeScope();
        return bench.Model.named_parameters().First().parameter.grad!.cpu().contiguous().view(-1).data<float>().ToArray();
    }
}
