using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Grains.Evaluation;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Tests.Shared;
using TorchSharp;
using KnnSetting = OrleansContrastive.Contracts.Evaluation.KnnSetting;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Either network of a run can be judged; what is found is what its weights give by hand.</summary>
public sealed class EvaluatedNetworkTests
{
    private const int Train = 64;
    private const int Test = 200;

    [Fact]
    public async Task Query_and_key_are_judged_by_their_own_weights_and_the_querys_moments()
    {
        var spec = SmallRuns.Lockstep(steps: 8);
        spec = spec with
        {
            Model = spec.Model with { Evaluated = EvaluatedNetwork.Key },
            Contrast = spec.Contrast with { KeyMomentum = 0.95 },
            Optimizer = spec.Optimizer with { LearningRate = 0.5 },
        };
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path);
        await run.Grain.StartAsync(spec, hold: false);
        await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        var outcome = await run.OutcomeAsync();

        var (query, key) = (ByHand(spec, outcome.Query, outcome.Moments), ByHand(spec, outcome.Key, outcome.Moments));
        Assert.NotEqual(query, key);
        Assert.Equal(key, await JudgeAsync(run, null));
        Assert.Equal(query, await JudgeAsync(run, EvaluatedNetwork.Query));
    }

    // Several settings and the top five: two networks that vote alike in all of them would be a rare accident.
    private static KnnSetting[] Settings => [new(1, 0.1), new(5, 0.1), new(20, 0.07), new(60, 0.02)];

    private static async Task<(double, double)[]> JudgeAsync(TestRun run, EvaluatedNetwork? network)
    {
        var report = await run.KnnAsync(view => new() { View = view, Train = Train, Test = Test, Settings = Settings, Network = network });
        return [.. report.Results.Select(result => (Math.Round(result.Top1, 9), Math.Round(result.Top5, 9)))];
    }

    private static (double, double)[] ByHand(RunSpec spec, byte[] weights, byte[] moments)
    {
        using var scope = torch.NewDisposeScope();
        using var model = ModelFactory.Create(spec, torch.CPU);
        var layout = model.Layout.Split(1)[0];
        ModelExchange.LoadParameters(model, layout, weights);
        ModelExchange.LoadMoments(model, layout, moments);
        model.eval();
        using var shelf = new DatasetShelf();
        var (train, trainLabels) = Rows(shelf.Training(spec.Dataset), Train);
        var (test, testLabels) = Rows(shelf.Test(spec.Dataset), Test);
        var scores = WeightedKnn.Evaluate(
            train, trainLabels, test, testLabels, [.. Settings.Select(setting => new Learning.Evaluation.KnnSetting(setting.K, setting.Temperature))]);
        return [.. scores.Select(score => (Math.Round(score.Top1, 9), Math.Round(score.Top5, 9)))];

        (torch.Tensor Rows, int[] Labels) Rows(IImageDataset dataset, int count)
        {
            var views = Blocks.ToTensor(new PlainViews(spec, dataset).Read(0, count), torch.ScalarType.Float32, torch.CPU);
            var rows = FeatureExtractor.Extract(model, views, [FeatureKind.Encoder])[0];
            return (torch.tensor(rows, [count, rows.Length / count]), [.. Enumerable.Range(0, count).Select(dataset.Label)]);
        }
    }
}
