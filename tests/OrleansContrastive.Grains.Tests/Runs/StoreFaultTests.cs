using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Runs whose store fails them.</summary>
public sealed class StoreFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ManifestStore Manifests => new(new FolderStore(_folder.Path), "run/checkpoints");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_stops_checkpoints_and_nothing_else(bool midFile)
    {
        var spec = SmallRuns.Lockstep(steps: 50) with { Epochs = 2, CheckpointEvery = 10 * 8 };

        var store = new FaultyStore(new FolderStore(_folder.Path));
        await using var run = await TestRun.OpenAsync(store, lanes: 1);
        await run.Grain.StartAsync(spec, hold: false);
        await run.UntilAsync(status => status.Checkpoint is not null);
        if (midFile) store.FreeBytes = 1000;
        else store.OnWrite = key => key.Contains("/checkpoints/", StringComparison.Ordinal) ? throw FaultyStore.DiskFull() : Task.CompletedTask;

        var full = await run.UntilAsync(status => status.Phase == RunPhase.Running && status.Problem is not null);
        Assert.Contains(FaultyStore.DiskFull().Message, full.Problem, StringComparison.Ordinal);
        Assert.Contains($"the last one is {full.Checkpoint}", full.Problem, StringComparison.Ordinal);
        var further = await run.UntilAsync(status => status.Version >= Math.Min(full.Version + 20, 100));
        Assert.Equal((full.Checkpoint, RunPhase.Running), (further.Checkpoint, further.Phase));
        var left = (await Manifests.LatestAsync(Token))!;
        Assert.Equal(full.Checkpoint, $"run@{left.Version}");
        await Manifests.VerifyAsync(left, Token);

        (store.FreeBytes, store.OnWrite) = (long.MaxValue, _ => Task.CompletedTask);
        var done = await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        Assert.Equal((null, "run@100"), (done.Problem, done.Checkpoint));
        await Manifests.VerifyAsync((await Manifests.LatestAsync(Token))!, Token);
        if (midFile) (await TestRun.TrainAsync(spec)).AssertEqual(await run.OutcomeAsync());
    }

    [Fact]
    public async Task A_run_is_not_over_before_its_last_checkpoint_is_in_the_store()
    {
        var store = new FaultyStore(new FolderStore(_folder.Path))
        {
            OnWrite = key => key.Contains("/checkpoints/", StringComparison.Ordinal) ? throw FaultyStore.DiskFull() : Task.CompletedTask,
        };
        await using var run = await TestRun.OpenAsync(store, lanes: 1);
        await run.Grain.StartAsync(SmallRuns.Lockstep(steps: 3), hold: false);

        var waiting = await run.UntilAsync(status => status.Version == 3 && status.Problem is not null);
        Assert.Equal((RunPhase.Running, null), (waiting.Phase, waiting.Checkpoint));

        store.OnWrite = _ => Task.CompletedTask;
        Assert.Equal("run@3", (await run.UntilAsync(status => status.Phase == RunPhase.Completed)).Checkpoint);
    }

    [Fact]
    public async Task A_run_is_not_over_before_the_store_knows_and_nothing_else_is_written_meanwhile()
    {
        var (asked, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var last = false;
        var store = new FaultyStore(new FolderStore(_folder.Path))
        {
            OnWrite = key =>
            {
                last |= key.EndsWith("manifest.json", StringComparison.Ordinal);
                if (!last || !key.EndsWith("trainingrun/run.json", StringComparison.Ordinal)) return Task.CompletedTask;
                asked.TrySetResult();
                return gate.Task;
            },
        };
        await using var run = await TestRun.OpenAsync(store, lanes: 1);
        await run.Grain.StartAsync(SmallRuns.Lockstep(steps: 3), hold: false);
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        var scaled = run.Grain.ScaleAsync(new(Encoders: 1));
        var status = await run.Grain.StatusAsync();
        Assert.Equal((RunPhase.Running, 3L), (status.Phase, status.Version));
        gate.SetResult();
        await scaled;
        await run.UntilAsync(status => status.Phase == RunPhase.Completed);
    }

    [Fact]
    public async Task A_store_that_takes_its_time_costs_nothing_but_time()
    {
        var gate = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        var store = new FaultyStore(new FolderStore(_folder.Path))
        {
            OnWrite = key =>
            {
                if (!key.EndsWith("manifest.json", StringComparison.Ordinal)) return Task.CompletedTask;
                asked.TrySetResult();
                return gate.Task;
            },
        };
        await using var run = await TestRun.OpenAsync(store, lanes: 1);
        await run.Grain.StartAsync(SmallRuns.Lockstep(steps: 20) with { CheckpointEvery = 10 * 8 }, hold: false);
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);

        // The run answers meanwhile, and nothing of the checkpoint is visible.
        Assert.Equal((RunPhase.Running, null), ((await run.Grain.StatusAsync()).Phase, (await run.Grain.StatusAsync()).Checkpoint));
        Assert.Null(await Manifests.LatestAsync(Token));
        gate.SetResult();

        Assert.Equal("run@20", (await run.UntilAsync(status => status.Phase == RunPhase.Completed)).Checkpoint);
        Assert.Equal([10L, 20L], await Manifests.VersionsAsync(Token));
    }

    [Fact]
    public async Task A_damaged_checkpoint_ends_the_run_by_name_and_the_one_before_it_gives_the_same_bits()
    {
        var spec = SmallRuns.Lockstep(steps: 40) with { CheckpointEvery = 10 * 8, CheckpointsKept = 2 };
        var undisturbed = await TestRun.TrainAsync(spec);
        await using (var first = await TestRun.OpenAsync(_folder.Path, lanes: 1))
        {
            await first.Grain.StartAsync(spec, hold: false);
            await first.UntilAsync(status => status.Version >= 25);
            await first.Grain.RequestCheckpointAsync(thenStop: true);
            await first.UntilAsync(status => status.Phase == RunPhase.Stopped);
        }

        var versions = await Manifests.VersionsAsync(Token);
        Assert.Equal(2, versions.Count);
        var newest = (await Manifests.LatestAsync(Token))!;
        var victim = newest.File("parameters-0-of-1.safetensors");
        var path = _folder[$"run/checkpoints/{newest.Version:D12}/{victim.Path}"];
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);

        await using (var second = await TestRun.OpenAsync(_folder.Path, lanes: 1))
        {
            await second.Grain.StartAsync(null, hold: false);
            RunStatus failed;
            while ((failed = await second.Grain.StatusAsync()).Phase != RunPhase.Failed) await Task.Delay(10, Token);
            Assert.Contains(path, failed.Problem, StringComparison.Ordinal);
            Assert.Contains(victim.Sha256, failed.Problem, StringComparison.Ordinal);
        }

        Assert.Equal([newest.Version], await Manifests.RewindAsync(versions[0], Token));
        await using var third = await TestRun.OpenAsync(_folder.Path, lanes: 1);
        await third.Grain.StartAsync(null, hold: false);
        await third.UntilAsync(status => status.Phase == RunPhase.Completed);
        undisturbed.AssertEqual(await third.OutcomeAsync());
    }
}
