using System.Diagnostics;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Display;

/// <summary>Plain lines, a few a minute: for pipes, files and CI.</summary>
internal sealed class PlainDisplay(TextWriter words, TextWriter result) : IRunDisplay
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    public void Begin(RunStatus status, string folder)
    {
        foreach (var line in ProgressText.Begin(status, folder)) Say(line);
    }

    public async Task<RunStatus> FollowAsync(IRunFollower follower, CancellationToken cancellation)
    {
        var (last, epoch, alarm) = (Stopwatch.StartNew(), 0L, (string?)null);
        while (true)
        {
            var status = await follower.NextAsync(cancellation);
            var over = RunFollower.IsOver(status);
            if (status.Alarm is not null && status.Alarm != alarm) Say($"ALARM: {status.Alarm}");
            alarm = status.Alarm;
            var now = status.Spec is null ? 0 : status.LeasesDone / status.Spec.LeasesPerEpoch;
            if (over || last.Elapsed >= Between || now > epoch)
            {
                Say(ProgressText.Line(status, follower.Verdict));
                last.Restart();
                epoch = now;
            }

            if (over) return status;
        }
    }

    public void Say(string line)
    {
        words.WriteLine(line);
        words.Flush();
    }

    public void Result(RunResult value)
    {
        foreach (var line in ProgressText.Verdict(value)) Say(line);
        result.WriteLine(value.ToJson());
    }
}
