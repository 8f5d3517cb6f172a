using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;

namespace OrleansContrastive.Cli.Judging;

/// <summary>Linear classifiers on the frozen encoder's features, cached or of views that are drawn anew in every epoch.</summary>
internal static class LinearJudge
{
    /// <summary>Judges.</summary>
    /// <param name="judgement">What.</param>
    /// <param name="options">How.</param>
    /// <param name="kind">Which features.</param>
    /// <param name="augment">Whether the training sees crops and flips.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Verdict> RunAsync(Judgement judgement, LinearOptions options, FeatureKind kind, bool augment, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (training, test) = (Judgement.Labelled(judgement.Training, "Linear evaluation"), Judgement.Labelled(judgement.Test, "Linear evaluation"));
        var train = (await judgement.FeaturesAsync("training images", training, unit: false, judgement.Weights, [kind], cancellation))[0];
        var judged = (await judgement.FeaturesAsync("test images", test, unit: false, judgement.Weights, [kind], cancellation))[0];
        judgement.Say($"Training linear classifiers for {options.Epochs} epochs with {options.LearningRates.Count} learning rates ...");
        var result = augment
            ? await AugmentedAsync(judgement, training, train, judged, options, kind, cancellation)
            : await CachedAsync(judgement, train, judged, options, cancellation);

        var verdict = new Verdict("linear", judgement, "learning rate", "held-out top-1", "test top-1", "test top-5");
        foreach (var score in result.Sweep)
            verdict.Row(Verdict.Number(score.LearningRate), Verdict.Percent(score.Top1), Chosen(score, result.Test.Top1), Chosen(score, result.Test.Top5));
        if (result.Sweep.Count == 0) verdict.Row(Verdict.Number(result.Test.LearningRate), "-", Verdict.Percent(result.Test.Top1), Verdict.Percent(result.Test.Top5));
        verdict.Note("The encoder's weights and running moments were compared before and after: they did not change.");
        verdict.Set("train", train.Count);
        verdict.Set("test", judged.Count);
        verdict.Set("features", kind.ToString().ToLowerInvariant());
        verdict.Set("augmented", augment);
        verdict.Set("frozen", true);
        verdict.Set("linearTop1", Verdict.Share(result.Test.Top1));
        verdict.Set("linearTop5", Verdict.Share(result.Test.Top5));
        verdict.Set("learningRate", result.Test.LearningRate);
        verdict.Set("linearEpochs", options.Epochs);
        verdict.Set("sweep", new JsonArray([.. result.Sweep.Select(score => new JsonObject
        {
            ["learningRate"] = score.LearningRate,
            ["heldOutTop1"] = Verdict.Share(score.Top1),
        })]));
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;

        string Chosen(LinearScore score, double value) => score.LearningRate == result.Test.LearningRate ? Verdict.Percent(value) : "";
    }

    /// <summary>On cached features, on one lane.</summary>
    public static async Task<LinearResult> CachedAsync(Judgement judgement, FeatureRows train, FeatureRows test, LinearOptions options, CancellationToken cancellation)
    {
        var lane = judgement.Run.Lanes[0];
        return await lane.RunAsync(() => LinearEvaluation.Run(train, test, options, lane.Device, _ => cancellation.ThrowIfCancellationRequested()), cancellation);
    }

    // All classifiers see the same new views; the best on plain views of the held-out images is judged.
    private static async Task<LinearResult> AugmentedAsync(
        Judgement judgement, FeatureRequest training, FeatureRows plain, FeatureRows test, LinearOptions options, FeatureKind kind, CancellationToken cancellation)
    {
        var classes = LinearEvaluation.Require(plain, test);
        var several = options.LearningRates.Count > 1;
        var (kept, heldOut) = LabelSplit.HoldOut(plain.Count, several ? options.HeldOut : 0, options.Seed);
        if (several && heldOut.Length == 0)
            throw new UsageException($"{plain.Count} training images leave none to choose among {options.LearningRates.Count} learning rates by; give one by --lr.");
        var lane = judgement.Run.Lanes[0];
        var classifiers = await lane.RunAsync(() => new LinearTraining(plain, classes, kept, options, lane.Device), cancellation);
        try
        {
            for (var epoch = 0; epoch < options.Epochs; epoch++)
            {
                var views = new AugmentedViews(judgement.Run.Geometry, options.Seed, epoch);
                var rows = (await judgement.Run.FeaturesAsync(training with { Augmentation = views, Kinds = [kind], Unit = false }, judgement.Weights, cancellation))[0];
                var now = epoch;
                await lane.RunAsync(() => classifiers.Epoch(rows, now), cancellation);
            }

            return await lane.RunAsync(
                () =>
                {
                    var scores = classifiers.Evaluate(test);
                    if (!several) return new LinearResult(scores[0], []);
                    var sweep = classifiers.Evaluate(plain, heldOut);
                    var best = LinearEvaluation.Best(sweep).LearningRate;
                    return new LinearResult(scores.First(score => score.LearningRate == best), sweep);
                },
                cancellation);
        }
        finally
        {
            await lane.RunAsync(classifiers.Dispose, CancellationToken.None);
        }
    }
}
