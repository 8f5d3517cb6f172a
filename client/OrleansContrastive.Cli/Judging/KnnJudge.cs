using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Judging;

/// <summary>Weighted kNN (Wu et al. 2018, section 3.4) of the encoder, of the one it started from, and of the pixels.</summary>
internal static class KnnJudge
{
    /// <summary>Judges.</summary>
    /// <param name="judgement">What.</param>
    /// <param name="settings">Pairs of k and T beside the two usual ones.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Verdict> RunAsync(Judgement judgement, IReadOnlyList<KnnSetting> settings, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        if (settings.FirstOrDefault(setting => setting.Neighbours > judgement.Training.Rows) is { Neighbours: > 0 } many)
            throw new UsageException($"--k is {many.Neighbours}; expected at most {judgement.Training.Rows}, the training images.");
        settings = [.. new[] { KnnSetting.Standard, KnnSetting.Local }.Concat(settings).Distinct()];
        var (training, test) = (Judgement.Labelled(judgement.Training, "kNN"), Judgement.Labelled(judgement.Test, "kNN"));
        (string Name, string Key, FeatureKind Kind, bool Initial)[] rows =
        [
            ("encoder features", "knn", FeatureKind.Encoder, false),
            ("  pooled to 2x2", "knn*Grid", FeatureKind.EncoderGrid, false),
            ("head output", "knn*Head", FeatureKind.Head, false),
            ("raw pixels", "rawPixel", FeatureKind.Pixels, false),
            ("untrained encoder", "randomInit", FeatureKind.Encoder, true),
        ];
        var verdict = new Verdict("knn", judgement, ["top-1 accuracy", .. settings.Select(setting => $"k={setting.Neighbours} T={Verdict.Number(setting.Temperature)}")]);
        verdict.Set("train", training.Rows);
        verdict.Set("test", test.Rows);
        var results = new JsonArray();
        foreach (var initial in new[] { false, true })
        {
            var mine = rows.Where(row => row.Initial == initial && (row.Kind != FeatureKind.Head || judgement.HasHead)).ToArray();
            FeatureKind[] kinds = [.. mine.Select(row => row.Kind)];
            var weights = initial ? NetworkWeights.Initial : judgement.Weights;
            var of = initial ? "for the untrained encoder " : "";
            var train = await judgement.FeaturesAsync($"training images {of}".TrimEnd(), training, unit: true, weights, kinds, cancellation);
            var queries = await judgement.FeaturesAsync($"test images {of}".TrimEnd(), test, unit: true, weights, kinds, cancellation);
            for (var row = 0; row < mine.Length; row++)
            {
                var scores = await LaneWork.KnnAsync(judgement.Run, train[row], queries[row], settings, cancellation);
                verdict.Row([mine[row].Name, .. scores.Select(score => Verdict.Percent(score.Top1))]);
                verdict.Set(Key(mine[row].Key, ""), Verdict.Share(scores[0].Top1));
                verdict.Set(Key(mine[row].Key, "20"), Verdict.Share(scores[1].Top1));
                foreach (var score in scores) results.Add(Result(mine[row].Kind, initial, score));
            }
        }

        verdict.Set("results", results);
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;
    }

    // knnTop1, knn20Top1, knnGridTop1, knn20GridTop1, rawPixelTop1, rawPixel20Top1 ...
    private static string Key(string pattern, string k) => pattern.Contains('*', StringComparison.Ordinal)
        ? $"{pattern.Replace("*", k, StringComparison.Ordinal)}Top1"
        : $"{pattern}{k}Top1";

    private static JsonObject Result(FeatureKind kind, bool initial, KnnScore score) => new()
    {
        ["features"] = JsonNamingPolicyOf(kind),
        ["untrained"] = initial,
        ["k"] = score.Setting.Neighbours,
        ["temperature"] = score.Setting.Temperature,
        ["top1"] = Verdict.Share(score.Top1),
        ["top5"] = Verdict.Share(score.Top5),
    };

    private static string JsonNamingPolicyOf(FeatureKind kind) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}
