using System.Globalization;

namespace OrleansContrastive.Cli.Checkpoints;

/// <summary>Checkpoints as lines for a person.</summary>
internal static class CheckpointTable
{
    /// <summary>A header and a line for each checkpoint.</summary>
    public static IEnumerable<string> Lines(CheckpointReport report)
    {
        var verified = report.Checkpoints!.Any(line => line.Damage is not null);
        yield return $"Checkpoints of run '{report.Run}' in {report.Store}";
        yield return Row("version", "created (UTC)", "samples", "epoch", "history", "files", "size", verified ? "content" : "");
        foreach (var line in report.Checkpoints!)
        {
            if (line.Problem is not null)
            {
                yield return $"{line.Version,12}  unreadable: {line.Problem}";
                continue;
            }

            yield return Row(
                Text($"{line.Version}"), Text($"{line.CreatedAt:yyyy-MM-dd HH:mm:ss}"), Text($"{line.SamplesApplied:N0}"), Text($"{line.Epoch}"),
                Text($"{line.History}"), Text($"{line.Files}"), Text($"{line.Bytes / 1e6:N1} MB"),
                line.Damage switch { null => "", [] => "whole", var damage => $"{damage.Count} damaged" });
            foreach (var damage in line.Damage ?? [])
                yield return $"{"",14}{damage.File}\n{"",16}expected {damage.Expected}\n{"",16}found    {damage.Found}";
        }
    }

    private static string Row(string version, string created, string samples, string epoch, string history, string files, string size, string content) =>
        $"{version,12}  {created,-19}  {samples,14}  {epoch,5}  {history,7}  {files,5}  {size,12}  {content}".TrimEnd();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
