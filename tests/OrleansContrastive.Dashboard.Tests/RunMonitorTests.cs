using Microsoft.Extensions.Logging.Abstractions;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Dashboard.Monitoring;

namespace OrleansContrastive.Dashboard.Tests;

public sealed class RunMonitorTests
{
    private readonly FakeRuns _runs = new();
    private readonly RunMonitor _monitor;

    public RunMonitorTests() => _monitor = new(_runs, TimeProvider.System, NullLogger<RunMonitor>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_and_shards_come_from_the_view()
    {
        await _monitor.LookAsync(Token);

        var panel = Assert.Single(_monitor.State.Runs);
        Assert.Equal(["cpu-1", "gpu-1", "store-a", "store-b"], panel.Silos.Select(silo => silo.Silo));
        Assert.Equal(new("gpu-1", "encoder, key, evaluation", "0, 1", 4), panel.Silos[1]);
        Assert.Equal(new("store-b", "parameters", "", 2), panel.Silos[3]);
        Assert.Equal(("store-a", "parameters", 0), (panel.Shards[0].Primary, panel.Shards[0].Kind, panel.Shards[0].Shard));
        Assert.Equal(["store-b"], panel.Shards[0].Followers);
        Assert.Empty(panel.Shards[1].Followers);
        Assert.Equal("moco-v2 on fashion-mnist, resnet8-w16, unbounded, batch 64", panel.Title);
        // Before the first version nothing was lost by anybody.
        Assert.Null(panel.Loss);
    }

    [Fact]
    public async Task What_happens_becomes_an_event_once()
    {
        await _monitor.LookAsync(Token);
        _runs.Status = FakeRuns.At(RunPhase.Running, 50) with { History = 1, UpdatesRolledBack = 7, SilosLost = 1, Checkpoint = "blue@40", Problem = "the disk is full" };
        await _monitor.LookAsync(Token);
        await _monitor.LookAsync(Token);
        _runs.Status = FakeRuns.At(RunPhase.Completed, 200) with { History = 1, UpdatesRolledBack = 7, SilosLost = 1, Checkpoint = "blue@200" };
        await _monitor.LookAsync(Token);

        string[] expected =
        [
            "seen first: running at version 0", "history 1: 7 updates rolled back", "1 silo lost", "checkpoint blue@40", "the disk is full",
            "running -> completed at version 200", "checkpoint blue@200", "goes on",
        ];
        Assert.Equal(expected, _monitor.State.Events.Reverse().Select(happened => happened.Text));
        Assert.Equal(["history 1: 7 updates rolled back", "1 silo lost", "the disk is full"], _monitor.State.Events.Reverse().Where(happened => happened.Warning).Select(happened => happened.Text));
        Assert.Equal(1, _monitor.State.Runs[0].Progress);
    }

    [Fact]
    public async Task A_long_run_is_thinned_and_stays_in_sight_from_its_start()
    {
        for (var version = 1; version <= 3000; version++)
        {
            _runs.Status = FakeRuns.At(RunPhase.Running, version, loss: version == 7 ? double.NaN : 10.0 / version);
            await _monitor.LookAsync(Token);
        }

        var curve = _monitor.State.Runs[0].Curve;
        Assert.InRange(curve.Count, 150, 480);
        Assert.Equal(0.1, curve[0].Seconds);
        Assert.InRange(curve[^1].Seconds, 295, 300);
        Assert.Equal(curve.Select(point => point.Seconds).Order(), curve.Select(point => point.Seconds));
    }

    [Fact]
    public async Task A_run_that_does_not_answer_keeps_its_panel_and_says_so()
    {
        await _monitor.LookAsync(Token);
        _runs.Fault = new TimeoutException("no silo hosts it");
        await _monitor.LookAsync(Token);

        Assert.Contains("does not answer: no silo hosts it", Assert.Single(_monitor.State.Runs).Problem, StringComparison.Ordinal);
        _runs.Fault = null;
        await _monitor.LookAsync(Token);
        Assert.Null(_monitor.State.Runs[0].Problem);
    }

    [Fact]
    public async Task An_evaluation_is_shown_and_one_of_a_run_that_is_not_there_is_refused()
    {
        Assert.Equal("There is no run 'blue'.", await _monitor.JudgeAsync("blue", Token));
        await _monitor.LookAsync(Token);

        Assert.Null(await _monitor.JudgeAsync("blue", Token));
        await _monitor.LookAsync(Token);

        Assert.Equal([new KnnPoint(0, 0.81, 0.82)], _monitor.State.Runs[0].Knn);
        Assert.Contains(_monitor.State.Events, happened => happened.Text == "kNN of version 0: 81.0 %, 82.0 %");
    }
}
