using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Judging;

/// <summary>Test images look for training images of their class, or for those of another data set (cross-domain).</summary>
internal static class RetrievalJudge
{
    /// <summary>Judges.</summary>
    /// <param name="judgement">What.</param>
    /// <param name="gallery">Data set whose training images are searched; null = the run's.</param>
    /// <param name="path">Its folder; null = the cache.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Verdict> RunAsync(Judgement judgement, string? gallery, string? path, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var queries = Judgement.Labelled(judgement.Test, "Retrieval");
        var searched = gallery is null ? judgement.Training : new FeatureRequest(judgement.Open(gallery, path, "train")) { Limit = judgement.Limit };
        searched = Judgement.Labelled(searched, "Retrieval");
        if (gallery is not null) searched = WithClassesOf(queries.Dataset, searched);

        var verdict = new Verdict("retrieval", judgement, "found among", "recall@1", "recall@5", "recall@10", "mAP");
        var results = new JsonArray();
        (string Name, FeatureKind Kind, NetworkWeights Weights)[] rows =
        [
            ("encoder features", FeatureKind.Encoder, judgement.Weights),
            ("raw pixels", FeatureKind.Pixels, judgement.Weights),
            ("untrained encoder", FeatureKind.Encoder, NetworkWeights.Initial),
        ];
        foreach (var (name, kind, weights) in rows)
        {
            var asked = (await judgement.FeaturesAsync($"queries, {name}", queries, unit: true, weights, [kind], cancellation))[0];
            var there = (await judgement.FeaturesAsync($"images of the gallery, {name}", searched, unit: true, weights, [kind], cancellation))[0];
            var score = await LaneWork.RetrieveAsync(judgement.Run, asked, there, cancellation);
            verdict.Row(name, Verdict.Percent(score.RecallAt1), Verdict.Percent(score.RecallAt5), Verdict.Percent(score.RecallAt10), Verdict.Percent(score.MeanAveragePrecision));
            results.Add(Result(name, score));
            if (results.Count > 1) continue;
            if (score.WithoutMatch > 0) verdict.Note(FormattableString.Invariant($"{score.WithoutMatch:N0} queries have no image of their class in the gallery and count nowhere."));
            foreach (var (key, value) in Result(name, score)) verdict.Set(key, value?.DeepClone());
        }

        verdict.Json.Remove("of");
        verdict.Set("gallery", gallery ?? judgement.Spec.Dataset.Name);
        verdict.Set("galleryImages", searched.Rows);
        verdict.Set("results", results);
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;
    }

    private static JsonObject Result(string name, RetrievalScore score) => new()
    {
        ["of"] = name.Trim(),
        ["queries"] = score.Queries,
        ["withoutMatch"] = score.WithoutMatch,
        ["recallAt1"] = Verdict.Share(score.RecallAt1),
        ["recallAt5"] = Verdict.Share(score.RecallAt5),
        ["recallAt10"] = Verdict.Share(score.RecallAt10),
        ["meanAveragePrecision"] = Verdict.Share(score.MeanAveragePrecision),
    };

    // Classes of two data sets are the same where their names are.
    private static FeatureRequest WithClassesOf(IImageDataset wanted, FeatureRequest gallery)
    {
        var known = wanted.ClassNames.Select((name, label) => (name, label)).ToDictionary(pair => pair.name, pair => pair.label, StringComparer.OrdinalIgnoreCase);
        int[] map = [.. gallery.Dataset.ClassNames.Select(name => known.GetValueOrDefault(name, -1))];
        return map.Any(label => label >= 0)
            ? gallery with { Label = row => map[gallery.Dataset.Label(gallery.Image(row))] }
            : throw new UsageException(
                $"No class of {gallery.Dataset.Name} ({Names(gallery.Dataset)}) has the name of one of {wanted.Name} ({Names(wanted)}); nothing could ever be found.");
    }

    private static string Names(IImageDataset dataset) => string.Join(", ", dataset.ClassNames.Take(12)) + (dataset.ClassNames.Count > 12 ? ", ..." : "");
}
