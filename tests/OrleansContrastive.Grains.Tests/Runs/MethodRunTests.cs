using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Methods of every kind through all grains: what they ask for comes, and the cluster changes nothing.</summary>
public sealed class MethodRunTests
{
    // One for each thing that a plan can ask for: nothing, labels, a bank's own rows, a queue here, keys of both views, running statistics, small views, parts, patches, an encoder of its own.
    public static TheoryData<string, string> Kinds => new()
    {
        { "simclr", "" },
        { "simclr", """{"memoryRows":100}""" },
        { "supcon", "" },
        { "instdisc", """{"proximal":0.1}""" },
        { "pirl", "" },
        { "nnclr", "" },
        { "byol", "" },
        { "dino", """{"prototypes":16,"localCrops":1}""" },
        { "swav", """{"prototypes":16,"localCrops":1}""" },
        { "cpc", """{"patch":6,"stride":3,"steps":2}""" },
        { "rotation", "" },
        { "cpc-sequence", """{"steps":2}""" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_run_of_several_shards_and_workers_is_the_run_of_one(string method, string options)
    {
        var one = Spec(method, options);
        var several = one with
        {
            Topology = one.Topology with
            {
                ParameterShards = 3,
                NegativeShards = one.Topology.NegativeShards * 3,
                Augmentations = 2,
                KeyEncoders = one.Topology.KeyEncoders * 2,
            },
            MaxBlockBytes = 4096,
        };
        var (first, status) = await TrainAsync(one);
        var (second, _) = await TrainAsync(several);
        Assert.Equal(one.TotalSamples, status.SamplesApplied);
        Assert.True(double.IsFinite(status.Loss));
        // Shards hold the same tensors in another order, and rows of several shards are summed in another one.
        Assert.Equal(0, Furthest(first, second), 1e-6);
        Assert.NotEqual(0, Furthest(first, Start(one)), 1e-6);
    }

    [Fact]
    public async Task A_method_that_no_silo_knows_is_refused()
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => TrainAsync(Spec("simclr", "") with { Method = "simclrr" }));
        Assert.Contains("simclrr", fault.Message);
    }

    [Fact]
    public async Task A_method_that_the_encoder_does_not_fit_is_refused_before_anything_starts()
    {
        var spec = Spec("cpc-sequence", "");
        var fault = await Assert.ThrowsAsync<ArgumentException>(() => TrainAsync(spec with { Model = spec.Model with { Encoder = "resnet8-w8" } }));
        Assert.Contains("'cpc-sequence' needs an encoder that reads an image row by row", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'resnet8-w8'", fault.Message, StringComparison.Ordinal);
    }

    internal static RunSpec Spec(string method, string options)
    {
        var spec = SmallRuns.Lockstep(steps: 6, precision: "float64");
        var bank = method is "instdisc" or "pirl";
        var defaults = MethodRegistry.Shared.Find(method).Defaults;
        spec = spec with
        {
            Method = method,
            MethodOptions = options,
            Model = spec.Model with
            {
                Head = (string)defaults["head"],
                Encoder = defaults.GetValueOrDefault("encoder") switch
                {
                    null => spec.Model.Encoder,
                    "resnet18-ln" => "resnet8-w8-ln",
                    var own => $"{own}-w8",
                },
            },
            Contrast = spec.Contrast with
            {
                Temperature = 0.2,
                Store = bank ? NegativeStoreKind.Bank : NegativeStoreKind.Queue,
                Mode = bank ? NegativeMode.Shard : NegativeMode.Mirror,
            },
        };
        var plan = MethodFactory.Plan(spec);
        var large = JsonSerializer.Deserialize<AugmentationRecipe>(spec.Augmentations[0])!;
        return spec with
        {
            Augmentations = [.. Enumerable.Range(0, plan.Views).Select(view => JsonSerializer.Serialize(view < plan.Views - plan.LocalViews ? large : large with { Size = 8 }))],
            Topology = spec.Topology with
            {
                KeyEncoders = plan.KeyViews.Count > 0 ? 1 : 0,
                NegativeShards = plan.Memory == MemoryKind.None ? 0 : 1,
            },
        };
    }

    private static async Task<(double[] Weights, RunStatus Status)> TrainAsync(RunSpec spec)
    {
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 1);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        return (await run.WeightsAsync(), status);
    }

    private static double[] Start(RunSpec spec)
    {
        using var model = ModelFactory.Create(spec, TorchSharp.torch.CPU);
        return MemoryMarshal.Cast<byte, double>(ModelExchange.ReadParameters(model, model.Layout.Split(1)[0])).ToArray();
    }

    private static double Furthest(double[] mine, double[] others) =>
        mine.Order().Zip(others.Order()).Max(pair => Math.Abs(pair.First - pair.Second));
}
