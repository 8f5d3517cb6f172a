using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>Where the user looks while a run goes on.</summary>
internal interface IRunDisplay
{
    /// <summary>The run begins.</summary>
    void Begin(RunStatus status, string folder);

    /// <summary>Shows progress until the run is over; returns its last status.</summary>
    Task<RunStatus> FollowAsync(IRunFollower follower, CancellationToken cancellation);

    /// <summary>A sentence for a person.</summary>
    void Say(string line);

    /// <summary>The run's result.</summary>
    void Result(RunResult result);
}

/// <summary>Chooses a display.</summary>
internal static class RunDisplay
{
    /// <summary>Live in a terminal, otherwise plain lines.</summary>
    /// <param name="json">Keep standard output for the JSON line alone.</param>
    public static IRunDisplay Create(bool json) =>
        json || Console.IsOutputRedirected || !Spectre.Console.AnsiConsole.Profile.Capabilities.Interactive
            ? new PlainDisplay(json ? Console.Error : Console.Out, Console.Out)
            : new LiveDisplay();
}
