using OrleansContrastive.Contracts.Runs;
using Spectre.Console;

namespace OrleansContrastive.Cli.Display;

/// <summary>A table that stays in place, for a terminal.</summary>
internal sealed class LiveDisplay : IRunDisplay
{
    public void Begin(RunStatus status, string folder)
    {
        foreach (var line in ProgressText.Begin(status, folder)) AnsiConsole.WriteLine(line);
    }

    public Task<RunStatus> FollowAsync(IRunFollower follower, CancellationToken cancellation) =>
        AnsiConsole.Live(new Text("")).StartAsync(async context =>
        {
            while (true)
            {
                var status = await follower.NextAsync(cancellation);
                context.UpdateTarget(status.Alarm is null ? Show(status, follower) : new Rows(Show(status, follower), new Text($"ALARM: {status.Alarm}")));
                context.Refresh();
                if (RunFollower.IsOver(status)) return status;
            }
        });

    public void Say(string line) => AnsiConsole.WriteLine(line);

    public void Result(RunResult result)
    {
        foreach (var line in ProgressText.Verdict(result)) AnsiConsole.WriteLine(line);
        Console.Out.WriteLine(result.ToJson());
    }

    private static Table Show(RunStatus status, IRunFollower follower)
    {
        var table = new Table().RoundedBorder();
        var cells = ProgressText.Cells(status, follower.Verdict).ToList();
        foreach (var (name, _) in cells) table.AddColumn(new TableColumn(new Text(name)));
        table.AddRow([.. cells.Select(cell => new Text(cell.Value))]);
        return table;
    }
}
