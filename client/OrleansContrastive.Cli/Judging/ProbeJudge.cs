using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;
using OrleansContrastive.Learning.Evaluation.Probes;
using TorchSharp;

namespace OrleansContrastive.Cli.Judging;

/// <summary>
/// What the encoder's output h and the head's output g(h) still know of an image (Chen et al. 2020, table 3): linear classifiers
/// predict its class and what was done to it.
/// </summary>
internal static class ProbeJudge
{
    /// <summary>Judges.</summary>
    public static async Task<Verdict> RunAsync(Judgement judgement, LinearOptions options, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        FeatureKind[] kinds = judgement.HasHead ? [FeatureKind.Encoder, FeatureKind.Head] : [FeatureKind.Encoder];
        var (training, test) = (judgement.Training, judgement.Test);
        var verdict = new Verdict("probe", judgement, "what is predicted", "chance", "from h", "from g(h)");
        var results = new JsonArray();
        if (training.Dataset.HasLabels && test.Dataset.HasLabels) await ProbeAsync("class", training, test, training.Dataset.ClassNames.Count);
        else judgement.Say("The data set has no labels, so the class is not probed.");

        var recipe = judgement.Run.Recipe;
        foreach (var task in ProbeTask.For(judgement.Spec.Dataset.Channels))
        {
            // Test images are drawn for by another seed than training images of the same number.
            await ProbeAsync(task.Name, Changed(training, judgement.Seed), Changed(test, judgement.Seed + 1), task.Classes);

            FeatureRequest Changed(FeatureRequest request, ulong seed) => request with
            {
                Change = (views, first) => task.Apply(views, first, seed, recipe.Mean, recipe.Std),
                Label = row => task.Label(seed, row),
            };
        }

        verdict.Set("train", training.Rows);
        verdict.Set("test", test.Rows);
        verdict.Set("results", results);
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;

        async Task ProbeAsync(string name, FeatureRequest from, FeatureRequest on, int classes)
        {
            var train = await judgement.FeaturesAsync($"training images, {name}", from, unit: false, judgement.Weights, kinds, cancellation);
            var judged = await judgement.FeaturesAsync($"test images, {name}", on, unit: false, judgement.Weights, kinds, cancellation);
            var scores = await LaneWork.EachAsync(
                judgement.Run,
                [.. kinds.Select((_, kind) => (Func<torch.Device, LinearScore>)(device =>
                    LinearEvaluation.Run(train[kind], judged[kind], options, device, _ => cancellation.ThrowIfCancellationRequested()).Test))],
                cancellation);
            verdict.Row(name, Verdict.Percent(1.0 / classes), Verdict.Percent(scores[0].Top1), judgement.HasHead ? Verdict.Percent(scores[1].Top1) : "-");
            results.Add(new JsonObject
            {
                ["task"] = name,
                ["classes"] = classes,
                ["chance"] = Verdict.Share(1.0 / classes),
                ["h"] = Verdict.Share(scores[0].Top1),
                ["g"] = judgement.HasHead ? Verdict.Share(scores[1].Top1) : null,
            });
        }
    }
}
