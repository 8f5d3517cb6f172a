using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;

namespace OrleansContrastive.Cli.Judging;

/// <summary>Linear support vector machines on the frozen encoder's features.</summary>
internal static class SvmJudge
{
    /// <summary>Judges.</summary>
    public static async Task<Verdict> RunAsync(Judgement judgement, IReadOnlyList<double> costs, FeatureKind kind, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (training, test) = (Judgement.Labelled(judgement.Training, "A support vector machine"), Judgement.Labelled(judgement.Test, "A support vector machine"));
        var train = (await judgement.FeaturesAsync("training images", training, unit: true, judgement.Weights, [kind], cancellation))[0];
        var judged = (await judgement.FeaturesAsync("test images", test, unit: true, judgement.Weights, [kind], cancellation))[0];
        judgement.Say($"Solving {train.Classes} machines at {costs.Count} costs ...");
        var result = await Task.Run(() => SvmEvaluation.Run(train, judged, costs, judgement.Seed, Environment.ProcessorCount, cancellation), cancellation);

        var verdict = new Verdict("svm", judgement, "cost", "held-out top-1", "test top-1");
        foreach (var score in result.Sweep)
            verdict.Row(Verdict.Number(score.Cost), Verdict.Percent(score.Top1), score.Cost == result.Test.Cost ? Verdict.Percent(result.Test.Top1) : "");
        if (result.Sweep.Count == 0) verdict.Row(Verdict.Number(result.Test.Cost), "-", Verdict.Percent(result.Test.Top1));
        verdict.Set("train", train.Count);
        verdict.Set("test", judged.Count);
        verdict.Set("features", kind.ToString().ToLowerInvariant());
        verdict.Set("svmTop1", Verdict.Share(result.Test.Top1));
        verdict.Set("cost", result.Test.Cost);
        verdict.Set("sweep", new JsonArray([.. result.Sweep.Select(score => new JsonObject { ["cost"] = score.Cost, ["heldOutTop1"] = Verdict.Share(score.Top1) })]));
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;
    }
}
