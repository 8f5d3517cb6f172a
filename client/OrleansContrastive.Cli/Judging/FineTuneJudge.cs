using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Evaluation.FineTuning;
using TorchSharp;

namespace OrleansContrastive.Cli.Judging;

/// <summary>
/// Semi-supervised fine-tuning (Chen et al. 2020, appendix B.5): the whole encoder is trained on a few labels, and beside it the
/// same network from random weights.
/// </summary>
internal static class FineTuneJudge
{
    private const int EvaluationBatch = 250;

    private sealed record Outcome(double Top1, double Top5, double Loss);

    /// <summary>Judges.</summary>
    /// <param name="judgement">What.</param>
    /// <param name="shares">Shares of the labels, each above 0 and at most 1.</param>
    /// <param name="options">How, by share.</param>
    /// <param name="scratchRate">Peak learning rate of the encoder that starts from its initial weights.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Verdict> RunAsync(
        Judgement judgement, IReadOnlyList<double> shares, Func<double, FineTuneOptions> options, double scratchRate, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (training, test) = (Judgement.Labelled(judgement.Training, "Fine-tuning"), Judgement.Labelled(judgement.Test, "Fine-tuning"));
        int[] labels = [.. Enumerable.Range(0, training.Rows).Select(row => training.Dataset.Label(training.Image(row)))];
        int[][] chosen = [.. shares.Select(share => Array.ConvertAll(LabelSplit.Balanced(labels, share, judgement.Seed), training.Image))];
        var jobs = new List<Func<torch.Device, Outcome>>();
        for (var i = 0; i < shares.Count; i++)
        {
            var (images, tuned) = (chosen[i], options(shares[i]));
            judgement.Say(FormattableString.Invariant($"Fine-tuning on {images.Length:N0} labels for {tuned.Epochs} epochs, from the run's weights and from scratch ..."));
            jobs.Add(device => Train(judgement.Run, training.Dataset, images, test, judgement.Weights, tuned, device, cancellation));
            jobs.Add(device => Train(judgement.Run, training.Dataset, images, test, NetworkWeights.Scratch, tuned with { LearningRate = scratchRate }, device, cancellation));
        }

        var outcomes = await LaneWork.EachAsync(judgement.Run, jobs, cancellation);
        var verdict = new Verdict("finetune", judgement, "labels", "images", "fine-tuned top-1", "top-5", "from scratch top-1", "top-5");
        var results = new JsonArray();
        for (var i = 0; i < shares.Count; i++)
        {
            var (tuned, scratch) = (outcomes[2 * i], outcomes[(2 * i) + 1]);
            verdict.Row(
                Verdict.Percent(shares[i]), chosen[i].Length.ToString("N0", System.Globalization.CultureInfo.InvariantCulture),
                Verdict.Percent(tuned.Top1), Verdict.Percent(tuned.Top5), Verdict.Percent(scratch.Top1), Verdict.Percent(scratch.Top5));
            results.Add(new JsonObject
            {
                ["share"] = shares[i],
                ["labels"] = chosen[i].Length,
                ["epochs"] = options(shares[i]).Epochs,
                ["fineTunedTop1"] = Verdict.Share(tuned.Top1),
                ["fineTunedTop5"] = Verdict.Share(tuned.Top5),
                ["fineTunedLoss"] = Verdict.Share(tuned.Loss),
                ["scratchTop1"] = Verdict.Share(scratch.Top1),
                ["scratchTop5"] = Verdict.Share(scratch.Top5),
                ["scratchLoss"] = Verdict.Share(scratch.Loss),
            });
        }

        verdict.Set("train", training.Rows);
        verdict.Set("test", test.Rows);
        verdict.Set("results", results);
        verdict.Set("evaluationSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        return verdict;
    }

    // On a lane's thread, images included: the lanes are busy with one job each.
    private static Outcome Train(
        TrainedRun run,
        IImageDataset dataset,
        int[] images,
        FeatureRequest test,
        NetworkWeights weights,
        FineTuneOptions options,
        torch.Device device,
        CancellationToken cancellation)
    {
        var classes = Math.Max(dataset.ClassNames.Count, test.Dataset.ClassNames.Count);
        // Batch norm splits a batch, and knows nothing of one image: what fills no batch waits for the next epoch's order.
        var batch = Math.Min(options.Batch, images.Length);
        var steps = images.Length / batch;
        using var model = run.CreateModel(device, weights);
        using var tuner = new FineTuner(model, classes, options, (long)steps * options.Epochs);
        var views = new ImageViews(dataset, run.Geometry);
        var last = 0.0;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            var order = LabelSplit.Order(images.Length, options.Seed, epoch + 1);
            last = 0;
            for (var step = 0; step < steps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                var mine = Array.ConvertAll(order[(step * batch)..((step + 1) * batch)], place => images[place]);
                last += tuner.Step(run.ToViews(views.Augmented(mine, options.Seed, epoch), batch, device), Targets(dataset, mine, device)) / steps;
            }
        }

        var plain = new ImageViews(test.Dataset, run.Recipe);
        var (top1, top5) = (0, 0);
        for (var first = 0; first < test.Rows; first += EvaluationBatch)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            int[] mine = [.. Enumerable.Range(first, Math.Min(EvaluationBatch, test.Rows - first)).Select(test.Image)];
            var hits = tuner.Hits(run.ToViews(plain.Plain(mine), mine.Length, device), Targets(test.Dataset, mine, device));
            (top1, top5) = (top1 + hits.Top1, top5 + hits.Top5);
        }

        return new((double)top1 / test.Rows, (double)top5 / test.Rows, last);
    }

    private static torch.Tensor Targets(IImageDataset dataset, int[] images, torch.Device device) =>
        torch.tensor(Array.ConvertAll(images, image => (long)dataset.Label(image)), device: device);
}
