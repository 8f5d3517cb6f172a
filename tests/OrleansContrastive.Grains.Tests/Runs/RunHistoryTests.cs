using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>What a run remembers of its course.</summary>
public sealed class RunHistoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(5)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(5_000)]
    public void A_history_of_any_length_is_bounded_and_keeps_the_means(int commits)
    {
        var history = new RunHistory();
        for (var i = 1; i <= commits; i++)
        {
            history.Add(Commit(loss: i, baseVersion: i - 1, keyVersion: i - 2), version: i);
            history.Complete(10L * i);
        }

        history.Add(Commit(loss: 1e9, baseVersion: 0, keyVersion: 0) with { Skipped = true }, version: commits);
        history.Complete(0);

        var points = history.Points;
        Assert.InRange(points.Count, Math.Min(commits, RunHistory.MostPoints / 2), RunHistory.MostPoints);
        Assert.Equal(commits, points.Sum(point => point.Commits));
        Assert.Equal(10L * commits, points[^1].Samples);
        Assert.Equal(points.OrderBy(point => point.Samples), points);
        // Each point is the mean of its own commits: those up to its samples and after the point before.
        var before = 0;
        foreach (var point in points)
        {
            var last = (int)(point.Samples / 10);
            Assert.Equal(last - before, point.Commits);
            Assert.Equal((before + 1 + last) / 2.0, point.Loss, 1e-9 * commits);
            Assert.Equal((1.0, 2.0), (Math.Round(point.Staleness, 9), Math.Round(point.KeyLag, 9)));
            before = last;
        }
    }

    [Fact]
    public void Points_grow_alike_however_many_slots_a_version_has()
    {
        var history = new RunHistory();
        for (var version = 0; version < 780; version++)
        {
            for (var slot = 0; slot < 2; slot++) history.Add(Commit(loss: 1, baseVersion: version, keyVersion: version) with { Attempt = new(new(version, slot), 1) }, version);
            history.Complete(version + 1);
        }

        // 512 versions joined by twos, and the 268 after them likewise.
        Assert.Equal(256 + 134, history.Points.Count);
        Assert.All(history.Points, point => Assert.Equal(4, point.Commits));
    }

    [Fact]
    public void The_slots_of_a_version_are_one_point_whoever_comes_first()
    {
        var histories = new[] { new[] { 0, 1, 2 }, [2, 0, 1] }.Select(order =>
        {
            var history = new RunHistory();
            foreach (var slot in order) history.Add(Commit(loss: 0.1 * (slot + 1), baseVersion: 0, keyVersion: 0) with { Attempt = new(new(0, slot), 1) }, version: 0);
            Assert.Empty(history.Points);
            history.Complete(30);
            return history;
        }).ToList();

        var point = Assert.Single(histories[0].Points);
        Assert.Equal((30, 3), (point.Samples, point.Commits));
        Assert.Equal(0.2, point.Loss, 1e-12);
        Assert.Equal(histories[0].Points, histories[1].Points);
    }

    [Fact]
    public async Task A_run_that_was_stopped_and_resumed_remembers_the_same_course()
    {
        var spec = SmallRuns.Lockstep(steps: 12);
        using var undisturbed = new TemporaryFolder();
        await TrainAsync(undisturbed.Path, spec, stopAt: null);
        using var disturbed = new TemporaryFolder();
        await TrainAsync(disturbed.Path, spec, stopAt: 4);
        await TrainAsync(disturbed.Path, spec: null, stopAt: null);

        var expected = await HistoryAsync(undisturbed.Path);
        var found = await HistoryAsync(disturbed.Path);

        Assert.Equal(12, expected.Count);
        Assert.Equal(expected, found);
        // The first step has no negatives yet.
        Assert.All(expected.Skip(1), point => Assert.True(point.Loss > 0 && double.IsFinite(point.ChanceLevel)));
    }

    [Fact]
    public async Task A_checkpoint_without_a_history_has_an_empty_one()
    {
        using var folder = new TemporaryFolder();
        await TrainAsync(folder.Path, SmallRuns.Lockstep(steps: 2), stopAt: null);
        var manifests = new ManifestStore(new FolderStore(folder.Path), "run/checkpoints");
        var manifest = (await manifests.LatestAsync(Token))!;

        var older = manifest with { Files = [.. manifest.Files.Where(file => file.Name != RunHistory.FileName)] };

        Assert.Empty((await RunHistory.ReadAsync(manifests, older, Token)).Points);
        Assert.Empty((await RunHistory.ReadAsync(manifests, null, Token)).Points);
        Assert.Equal(2, (await RunHistory.ReadAsync(manifests, manifest, Token)).Points.Count);
    }

    private static CommitRequest Commit(double loss, long baseVersion, long keyVersion) => new()
    {
        Attempt = default,
        History = 0,
        Encoder = "",
        BaseVersion = baseVersion,
        KeyVersion = keyVersion,
        Samples = 10,
        Measures = new() { Loss = loss },
    };

    private static async Task TrainAsync(string folder, RunSpec? spec, long? stopAt)
    {
        await using var run = await TestRun.OpenAsync(folder, lanes: 1);
        await run.Grain.StartAsync(spec, hold: false);
        if (stopAt is { } version)
        {
            await run.UntilAsync(status => status.Version >= version);
            await run.Grain.RequestCheckpointAsync(thenStop: true);
        }

        await run.UntilAsync(status => status.Phase is RunPhase.Completed or RunPhase.Stopped);
    }

    private static async Task<IReadOnlyList<RunPoint>> HistoryAsync(string folder)
    {
        var manifests = new ManifestStore(new FolderStore(folder), "run/checkpoints");
        return (await RunHistory.ReadAsync(manifests, await manifests.LatestAsync(Token), Token)).Points;
    }
}
