using System.CommandLine;
using OrleansContrastive.Cli.Checkpoints;
using OrleansContrastive.Hosting.Evaluation;

namespace OrleansContrastive.Cli.Commands;

/// <summary>The argument and options of all commands that look at what a run has learned.</summary>
internal sealed class TrainedRunOptions
{
    private readonly Argument<string> _run = new("run") { Description = "Folder of the run; with --store, the id of the run in that store." };
    private readonly Option<string?> _store = new("--store") { Description = "Folder, https://ACCOUNT.blob.core.windows.net/CONTAINER, connection string with ;Container=NAME, or azurite." };
    private readonly Option<long?> _version = new("--version") { Description = "The checkpoint of this version; the newest by default." };
    private readonly RunOptions _common;

    private TrainedRunOptions(Command command)
    {
        command.Arguments.Add(_run);
        command.Options.Add(_store);
        command.Options.Add(_version);
        _common = RunOptions.AddTo(command, withOut: false);
    }

    /// <summary>Adds them to a command.</summary>
    public static TrainedRunOptions AddTo(Command command) => new(command);

    /// <summary>What the user called the run.</summary>
    public string Name(ParseResult parsed) => parsed.GetValue(_run)!;

    /// <summary>The folder of a run of <c>train</c>; null for a run of a store.</summary>
    public string? Folder(ParseResult parsed) => parsed.GetValue(_store) is null ? parsed.GetValue(_run) : null;

    /// <summary>Whether only JSON is wanted.</summary>
    public bool Json(ParseResult parsed) => _common.Json(parsed);

    /// <summary>Opens the run's checkpoint; the caller disposes it.</summary>
    /// <exception cref="UsageException">There is no such run or version, or a device that is not here.</exception>
    public async Task<TrainedRun> OpenAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var worker = _common.Worker(parsed);
        var place = await CheckpointPlace.FindAsync(parsed.GetValue(_run)!, parsed.GetValue(_store), cancellation);
        var version = parsed.GetValue(_version);
        if (version is { } wanted && await place.Manifests.VersionsAsync(cancellation) is var there && !there.Contains(wanted))
            throw new UsageException($"--version is {wanted}; run '{place.Run}' has checkpoints of {string.Join(", ", there)}.");
        return await TrainedRun.OpenAsync(place.Opened, place.Run, version, worker, cancellation);
    }
}
