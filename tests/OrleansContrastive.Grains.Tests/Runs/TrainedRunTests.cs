using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Evaluation;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Tests.Shared;
using TorchSharp;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>A run's networks and features as its checkpoint gives them, against what its actors held.</summary>
public sealed class TrainedRunTests
{
    private const int Shards = 2;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Opens_the_weights_that_the_shards_held_and_judges_as_the_evaluation_grain_does()
    {
        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 4) with { Topology = new() { ParameterShards = Shards } };
        spec = spec with { Dataset = spec.Dataset with { TestSplit = "test[:310]" } };
        RunOutcome outcome;
        KnnReport report;
        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(spec, hold: false);
            await run.UntilAsync(status => status.Phase == RunPhase.Completed);
            outcome = await run.OutcomeAsync();
            report = await run.KnnAsync(view => new() { View = view, Features = [KnnFeatures.Encoder, KnnFeatures.Head], Settings = [new(5, 0.1)] });
        }

        await using var trained = await TrainedRun.OpenAsync(
            new FolderStore(folder.Path), "run", worker: options => (options.Lanes, options.ThreadsPerLane) = (2, 1), cancellationToken: Token);
        Assert.Equal((4, "moco-v2"), (trained.Manifest.Version, trained.Spec.Method));
        Assert.Equal(outcome.Query, await ParametersAsync(trained, NetworkWeights.Query));
        Assert.Equal(outcome.Key, await ParametersAsync(trained, NetworkWeights.Key));
        Assert.NotEqual(outcome.Query, await ParametersAsync(trained, NetworkWeights.Initial));

        FeatureKind[] kinds = [FeatureKind.Encoder, FeatureKind.Head];
        var train = await trained.FeaturesAsync(new(trained.Training) { Count = spec.Dataset.Count, Kinds = kinds }, cancellationToken: Token);
        var test = await trained.FeaturesAsync(new(trained.Test) { Kinds = kinds }, cancellationToken: Token);
        Assert.Equal((32, 310), (train[0].Count, test[0].Count));
        for (var kind = 0; kind < kinds.Length; kind++)
        {
            using var scope = torch.NewDisposeScope();
            var score = WeightedKnn.Evaluate(train[kind].Borrow(), train[kind].Labels, test[kind].Borrow(), test[kind].Labels, new Learning.Evaluation.KnnSetting(5, 0.1))[0];
            Assert.Equal((report.Results[kind].Top1, report.Results[kind].Top5), (score.Top1, score.Top5));
        }
    }

    [Fact]
    public async Task Features_are_changed_and_labelled_as_asked_and_other_images_get_the_runs_channels()
    {
        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 2);
        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(spec, hold: false);
            await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        }

        await using var trained = await TrainedRun.OpenAsync(new FolderStore(folder.Path), "run", worker: options => (options.Lanes, options.ThreadsPerLane) = (2, 1), cancellationToken: Token);
        var grey = trained.Open(new() { Name = "synthetic", Split = "test[:300]", Synthetic = new() { Channels = 1 } });
        Assert.Equal(3, grey.Channels);

        var raw = (await trained.FeaturesAsync(new(grey) { Kinds = [FeatureKind.Pixels], Unit = false }, cancellationToken: Token))[0];
        var negated = (await trained.FeaturesAsync(new(grey)
        {
            Kinds = [FeatureKind.Pixels],
            Unit = false,
            // The number of each image on top of its pixels: it must be its own, whichever lane it was on.
            Change = (views, first) => -(views + torch.arange(first, first + views.shape[0], dtype: torch.ScalarType.Float32).view(-1, 1, 1, 1)),
            Label = image => image % 4,
        }, cancellationToken: Token))[0];
        Assert.Equal(3 * 12 * 12, raw.Width);
        Assert.Equal([0, 1, 2, 3, 0], negated.Labels[..5]);
        for (var row = 0; row < raw.Count; row++) Assert.Equal(-(raw[row][7] + row), negated[row][7], 1e-3f);

        var unit = (await trained.FeaturesAsync(new(grey) { Kinds = [FeatureKind.Head] }, cancellationToken: Token))[0];
        var scaled = (await trained.FeaturesAsync(new(grey) { Kinds = [FeatureKind.Head], Unit = false }, cancellationToken: Token))[0].Unit();
        Assert.Equal(unit.Values.Length, scaled.Values.Length);
        for (var i = 0; i < unit.Values.Length; i++) Assert.Equal(unit.Values[i], scaled.Values[i], 1e-5f);
    }

    [Fact]
    public async Task A_limit_is_a_choice_that_stays_and_augmented_views_are_new_in_every_epoch()
    {
        using var folder = new TemporaryFolder();
        await using (var run = await TestRun.OpenAsync(folder.Path, lanes: 1))
        {
            await run.Grain.StartAsync(SmallRuns.Lockstep(steps: 1), hold: false);
            await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        }

        await using var trained = await TrainedRun.OpenAsync(new FolderStore(folder.Path), "run", worker: options => (options.Lanes, options.ThreadsPerLane) = (2, 1), cancellationToken: Token);
        var limited = new FeatureRequest(trained.Training) { Count = 900, Limit = 300, Kinds = [FeatureKind.Pixels] };
        int[] images = [.. Enumerable.Range(0, limited.Rows).Select(limited.Image)];
        Assert.Equal((300, 300), (images.Length, images.Distinct().Count()));
        Assert.All(images, image => Assert.InRange(image, 0, 899));
        // The labels of these images go round: a choice of every third would miss most classes.
        Assert.Equal(10, images.Select(trained.Training.Label).Distinct().Count());

        var all = (await trained.FeaturesAsync(limited with { Limit = 0 }, cancellationToken: Token))[0];
        var some = (await trained.FeaturesAsync(limited, cancellationToken: Token))[0];
        for (var row = 0; row < some.Count; row += 37)
        {
            Assert.True(all[images[row]].SequenceEqual(some[row]));
            Assert.Equal(trained.Training.Label(images[row]), some.Labels[row]);
        }

        float[][] epochs = [await AugmentedAsync(0), await AugmentedAsync(0), await AugmentedAsync(1)];
        Assert.Equal(epochs[0], epochs[1]);
        Assert.NotEqual(epochs[0], epochs[2]);
        Assert.Equal((0, 0), (trained.Geometry.GrayscaleProbability, trained.Geometry.BlurProbability));

        async Task<float[]> AugmentedAsync(int epoch) => (await trained.FeaturesAsync(
            limited with { Augmentation = new(trained.Geometry, 5, epoch), Kinds = [FeatureKind.Encoder] }, cancellationToken: Token))[0].Values;
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        var missing = await Assert.ThrowsAsync<CheckpointException>(() => TrainedRun.OpenAsync(new FolderStore(folder.Path), "run", cancellationToken: Token));
        Assert.Contains("'run' has no checkpoint", missing.Message, StringComparison.Ordinal);
        var version = await Assert.ThrowsAsync<CheckpointException>(() => TrainedRun.OpenAsync(new FolderStore(folder.Path), "run", version: 3, cancellationToken: Token));
        Assert.Contains("no checkpoint of version 3", version.Message, StringComparison.Ordinal);
    }

    private static Task<byte[]> ParametersAsync(TrainedRun run, NetworkWeights weights) => run.Lanes[0].RunAsync(() =>
    {
        using var model = run.CreateModel(torch.CPU, weights);
        Assert.False(model.training);
        return model.Layout.Split(Shards).SelectMany(shard => ModelExchange.ReadParameters(model, shard)).ToArray();
    }, Token);
}
