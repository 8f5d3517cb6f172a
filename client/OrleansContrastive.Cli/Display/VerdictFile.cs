using System.Text.Json;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>How well a run's encoder was judged by weighted kNN, at one time.</summary>
/// <param name="Samples">Samples applied.</param>
/// <param name="Train">Training images compared with; a quick verdict takes a part of them.</param>
/// <param name="Test">Images judged.</param>
/// <param name="KnnTop1">Share of right answers at k = 200.</param>
/// <param name="Knn20Top1">The same at k = 20.</param>
internal sealed record NotedVerdict(long Samples, int Train, int Test, double KnnTop1, double Knn20Top1);

/// <summary>
/// The verdicts on a run, one JSON object a line in the run's folder: the run itself knows none of them. It grows by a line of a
/// hundred bytes with every evaluation, so by <c>epochs / evaluateEpochs</c> lines.
/// </summary>
internal static class VerdictFile
{
    /// <summary>Its name within the folder.</summary>
    public const string Name = "verdicts.jsonl";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Adds a report on the average-pooled features. Where it cannot be written it is only missing.</summary>
    public static async Task AddAsync(string folder, RunSpec spec, KnnReport report)
    {
        double Top1(int k) => report.Results.Where(result => result.Features == KnnFeatures.Encoder && result.Setting.K == k).Select(result => result.Top1).FirstOrDefault(double.NaN);
        var samplesPerVersion = (long)spec.LeaseSize * (spec.Consistency.Mode == ConsistencyMode.Lockstep ? spec.Consistency.Slots : 1);
        var verdict = new NotedVerdict(report.Version * samplesPerVersion, report.Train, report.Test, Top1(200), Top1(20));
        if (double.IsNaN(verdict.KnnTop1) || double.IsNaN(verdict.Knn20Top1)) return;
        try
        {
            await File.AppendAllLinesAsync(Path.Combine(folder, Name), [JsonSerializer.Serialize(verdict, Json)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"The verdict was not noted: {exception.Message}");
        }
    }

    /// <summary>All verdicts in the order of samples; what a run that went back has judged anew counts, and no line that is broken.</summary>
    public static IReadOnlyList<NotedVerdict> Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        var verdicts = new List<NotedVerdict>();
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            try
            {
                if (JsonSerializer.Deserialize<NotedVerdict>(line, Json) is not { } verdict) continue;
                verdicts.RemoveAll(earlier => earlier.Samples > verdict.Samples || (earlier.Samples == verdict.Samples && earlier.Train == verdict.Train));
                verdicts.Add(verdict);
            }
            catch (JsonException)
            {
                // A process that was killed leaves half a line.
            }
        }

        return verdicts;
    }
}
