using System.Diagnostics;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.Linear;

namespace OrleansContrastive.Cli.Judging;

/// <summary>What the encoder is worth on images that it did not learn from: kNN and linear evaluation on another data set.</summary>
internal static class TransferJudge
{
    /// <summary>Judges.</summary>
    public static async Task<Verdict> RunAsync(Judgement judgement, string target, string? path, LinearOptions options, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var training = Judgement.Labelled(new FeatureRequest(judgement.Open(target, path, "train")) { Limit = judgement.Limit }, "Transfer");
        var test = Judgement.Labelled(new FeatureRequest(judgement.Open(target, path, "test")) { Limit = judgement.TestLimit }, "Transfer");
        var verdict = new Verdict("transfer", judgement, $"top-1 accuracy on {target}", "kNN k=200 T=0.1", "kNN k=20 T=0.07", "linear");
        verdict.Set("target", target);
        verdict.Set("train", training.Rows);
        verdict.Set("test", test.Rows);
        (string Name, string Key, NetworkWeights Weights)[] networks = [("trained encoder", "", judgement.Weights), ("untrained encoder", "randomInit", NetworkWeights.Initial)];
        foreach (var (name, key, weights) in networks)
        {
            var train = (await judgement.FeaturesAsync($"training images of {target}", training, unit: false, weights, [FeatureKind.Encoder], cancellation))[0];
            var judged = (await judgement.FeaturesAsync($"test images of {target}", test, unit: false, weights, [FeatureKind.Encoder], cancellation))[0];
            var knn = await LaneWork.KnnAsync(judgement.Run, train.Unit(), judged.Unit(), [KnnSetting.Standard, KnnSetting.Local], cancellation);
            var linear = (await LinearJudge.CachedAsync(judgement, train, judged, options, cancellation)).Test;
            verdict.Row(name, Verdict.Percent(knn[0].Top1), Verdict.Percent(knn[1].Top1), Verdict.Percent(linear.Top1));
            verdict.Set(Key(key, "knnTop1"), Verdict.Share(knn[0].Top1));
            verdict.Set(Key(key, "knn20Top1"), Verdict.Share(knn[1].Top1));
            verdict.Set(Key(key, "linearTop1"), Verdict.Share(linear.Top1));
        }

        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;
    }

    private static string Key(string prefix, string name) => prefix.Length == 0 ? name : $"{prefix}{char.ToUpperInvariant(name[0])}{name[1..]}";
}
