using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>What a run came to: one JSON object, the last line of every run. Accuracies from 0 to 1.</summary>
internal sealed record RunResult
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public required string Method { get; init; }

    public required string Dataset { get; init; }

    public required string Encoder { get; init; }

    /// <summary>Which network was judged: query or key.</summary>
    public required string Evaluated { get; init; }

    public required int Epochs { get; init; }

    public required int Batch { get; init; }

    /// <summary>Encoder features, average-pooled; k = 200, T = 0.1. Null, as all accuracies, where the run could not be judged.</summary>
    public required double? KnnTop1 { get; init; }

    /// <summary>The same at k = 20, T = 0.07.</summary>
    public required double? Knn20Top1 { get; init; }

    /// <summary>Features pooled to 2 x 2.</summary>
    public required double? KnnGridTop1 { get; init; }

    public required double? Knn20GridTop1 { get; init; }

    /// <summary>The same encoder with the weights it started from.</summary>
    public required double? RandomInitTop1 { get; init; }

    public required double? RandomInit20Top1 { get; init; }

    /// <summary>The pixels themselves: what an encoder has to beat.</summary>
    public required double? RawPixelTop1 { get; init; }

    public required double? RawPixel20Top1 { get; init; }

    public required double Loss { get; init; }

    public required double ChanceLevel { get; init; }

    public required long SamplesApplied { get; init; }

    public required long SamplesSkipped { get; init; }

    public required long BrokenImages { get; init; }

    public required double Staleness { get; init; }

    /// <summary>Samples applied per second of training, by the process that says it.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Seconds of training.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Seconds of the final evaluation.</summary>
    public required double EvaluationSeconds { get; init; }

    /// <summary>Both together.</summary>
    public required double Seconds { get; init; }

    public required ulong Seed { get; init; }

    public required string Precision { get; init; }

    public required string Folder { get; init; }

    /// <summary>Puts a result together.</summary>
    /// <param name="status">How the run ended.</param>
    /// <param name="samplesBefore">Samples that were applied before this process went on with it.</param>
    /// <param name="trained">What was learned; null where the images have no labels, or there are none to test it on.</param>
    /// <param name="untrained">The encoder that the run started from; null likewise.</param>
    /// <param name="folder">Where the run lies.</param>
    public static RunResult Create(RunStatus status, long samplesBefore, KnnReport? trained, KnnReport? untrained, string folder)
    {
        var spec = status.Spec!;
        var judging = (trained?.Seconds ?? 0) + (untrained?.Seconds ?? 0);
        return new()
        {
            Method = spec.Method,
            Dataset = spec.Dataset.Name,
            Encoder = spec.Model.Encoder,
            Evaluated = spec.Model.Evaluated.ToString().ToLowerInvariant(),
            Epochs = spec.Epochs,
            Batch = spec.Batch,
            KnnTop1 = Of(trained, KnnFeatures.Encoder, 200),
            Knn20Top1 = Of(trained, KnnFeatures.Encoder, 20),
            KnnGridTop1 = Of(trained, KnnFeatures.EncoderGrid, 200),
            Knn20GridTop1 = Of(trained, KnnFeatures.EncoderGrid, 20),
            RandomInitTop1 = Of(untrained, KnnFeatures.Encoder, 200),
            RandomInit20Top1 = Of(untrained, KnnFeatures.Encoder, 20),
            RawPixelTop1 = Of(trained, KnnFeatures.Pixels, 200),
            RawPixel20Top1 = Of(trained, KnnFeatures.Pixels, 20),
            Loss = Math.Round(status.Loss, 4),
            ChanceLevel = Math.Round(status.ChanceLevel, 4),
            SamplesApplied = status.SamplesApplied,
            SamplesSkipped = status.SamplesSkipped,
            BrokenImages = status.BrokenImages,
            Staleness = Math.Round(status.Staleness, 2),
            ImagesPerSecond = status.Seconds > 0 ? Math.Round((status.SamplesApplied - samplesBefore) / status.Seconds, 1) : 0,
            TrainSeconds = Math.Round(status.Seconds, 1),
            EvaluationSeconds = Math.Round(judging, 1),
            Seconds = Math.Round(status.Seconds + judging, 1),
            Seed = spec.Seed,
            Precision = spec.Model.Precision,
            Folder = folder,
        };
    }

    /// <summary>The one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    private static double? Of(KnnReport? report, KnnFeatures features, int k) => report is null
        ? null
        : Math.Round(report.Results.First(result => result.Features == features && result.Setting.K == k).Top1, 4);
}
