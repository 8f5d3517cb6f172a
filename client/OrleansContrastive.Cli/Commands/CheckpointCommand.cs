using System.CommandLine;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Cli.Checkpoints;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive checkpoint</c>: what checkpoints a run has, whether they are whole, and which to keep.</summary>
internal static class CheckpointCommand
{
    private static readonly Argument<string> Run = new("run") { Description = "Folder of the run; with --store, the id of the run in that store." };
    private static readonly Option<string?> Store = new("--store") { Description = "Folder, https://ACCOUNT.blob.core.windows.net/CONTAINER, connection string with ;Container=NAME, or azurite." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object instead of a table." };
    private static readonly Option<long?> Version = new("--version") { Description = "Only the checkpoint of this version." };
    private static readonly Option<long> Back = new("--version") { Description = "The checkpoint to go back to.", Required = true };
    private static readonly Option<int> Keep = new("--keep") { Description = "How many of the newest checkpoints stay.", DefaultValueFactory = _ => 3 };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "The published checkpoints of a run, oldest first.") { Run, Store, Json };
        list.SetAction((parsed, cancellation) => ShowAsync(parsed, verify: false, cancellation));
        var verify = new Command("verify", "Reads every file and compares it with its hash. Ends with 1 where one is missing or changed.") { Run, Version, Store, Json };
        verify.SetAction((parsed, cancellation) => ShowAsync(parsed, verify: true, cancellation));
        var prune = new Command("prune", "Deletes all but the newest checkpoints, and what unfinished ones left.") { Run, Keep, Store, Json };
        prune.SetAction(PruneAsync);
        var rewind = new Command("rewind", "Makes an earlier checkpoint the newest again; later ones are withdrawn. Only while no silo serves the run.") { Run, Back, Store, Json };
        rewind.SetAction(RewindAsync);
        return new Command("checkpoint", "The checkpoints of a run.") { list, verify, prune, rewind };
    }

    private static async Task<int> ShowAsync(ParseResult parsed, bool verify, CancellationToken cancellation)
    {
        var place = await FindAsync(parsed, cancellation);
        var versions = await place.Manifests.VersionsAsync(cancellation);
        if (verify && parsed.GetValue(Version) is { } only)
            versions = versions.Contains(only) ? [only] : throw new UsageException($"Run '{place.Run}' has no checkpoint of version {only}; there are {string.Join(", ", versions)}.");

        var lines = new List<CheckpointLine>();
        foreach (var version in versions) lines.Add(await ExamineAsync(place.Manifests, version, verify, cancellation));
        var report = new CheckpointReport { Store = place.Store, Run = place.Run, Checkpoints = lines };
        if (parsed.GetValue(Json)) Console.WriteLine(report.ToJson());
        else foreach (var line in CheckpointTable.Lines(report)) Console.WriteLine(line);

        var damaged = lines.Where(line => !line.IsWhole).Select(line => line.Version).ToArray();
        if (damaged.Length == 0 || !verify) return ExitCodes.Done;
        await Console.Error.WriteLineAsync(
            lines.LastOrDefault(line => line.IsWhole) is { } whole
                ? $"Damaged: version {string.Join(", ", damaged)}. The newest whole one is {whole.Version}; go on from it by: {Hint(parsed, whole.Version)}"
                : $"Damaged: version {string.Join(", ", damaged)}. There is no whole one among those that were looked at.");
        return ExitCodes.Failed;
    }

    private static async Task<CheckpointLine> ExamineAsync(ManifestStore manifests, long version, bool verify, CancellationToken cancellation)
    {
        try
        {
            var manifest = await manifests.ReadAsync(version, cancellation);
            if (!verify) return CheckpointLine.Of(manifest);
            var damage = new List<CheckpointDamage>();
            await foreach (var fault in manifests.DamageAsync(manifest, cancellation)) damage.Add(new(fault.File, fault.Expected, fault.Found));
            return CheckpointLine.Of(manifest) with { Damage = damage };
        }
        catch (CheckpointException unreadable) when (unreadable.GetType() == typeof(CheckpointException) || unreadable is CheckpointCorruptedException)
        {
            return new() { Version = version, Problem = unreadable.Message };
        }
    }

    private static string Hint(ParseResult parsed, long version) => parsed.GetValue(Store) is null
        ? $"contrastive resume {parsed.GetValue(Run)} --version {version}"
        : $"contrastive checkpoint rewind {parsed.GetValue(Run)} --version {version}, with the same --store";

    private static async Task<int> RewindAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var place = await FindAsync(parsed, cancellation);
        var withdrawn = await place.RewindAsync(parsed.GetValue(Back), cancellation);
        var kept = await place.Manifests.VersionsAsync(cancellation);
        if (parsed.GetValue(Json)) Console.WriteLine(new CheckpointReport { Store = place.Store, Run = place.Run, Withdrawn = withdrawn, Kept = kept }.ToJson());
        else Console.WriteLine($"Run '{place.Run}' in {place.Store} goes on from version {kept[^1]}; withdrawn: {(withdrawn.Count == 0 ? "nothing" : string.Join(", ", withdrawn))}.");
        return ExitCodes.Done;
    }

    private static async Task<int> PruneAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var keep = parsed.GetValue(Keep);
        if (keep < 1) throw new UsageException($"--keep is {keep}; expected 1 or more.");
        var place = await FindAsync(parsed, cancellation);
        var deleted = await place.Manifests.PruneAsync(keep, cancellation);
        var kept = await place.Manifests.VersionsAsync(cancellation);
        if (parsed.GetValue(Json)) Console.WriteLine(new CheckpointReport { Store = place.Store, Run = place.Run, Deleted = deleted, Kept = kept }.ToJson());
        else Console.WriteLine($"Run '{place.Run}' in {place.Store}: deleted {(deleted.Count == 0 ? "nothing" : $"version {string.Join(", ", deleted)}")}, kept {string.Join(", ", kept)}.");
        return ExitCodes.Done;
    }

    private static Task<CheckpointPlace> FindAsync(ParseResult parsed, CancellationToken cancellation) =>
        CheckpointPlace.FindAsync(parsed.GetValue(Run)!, parsed.GetValue(Store), cancellation);
}
