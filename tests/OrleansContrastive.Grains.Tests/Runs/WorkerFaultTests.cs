using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>What no repetition mends costs a run the worker that has met it, and ends it only where there is no other.</summary>
public sealed class WorkerFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_encoder_that_cannot_go_on_is_struck_out_and_the_last_one_ends_the_run()
    {
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 1);
        var spec = SmallRuns.Lockstep(steps: 100);
        await run.Grain.StartAsync(spec with { Epochs = 1000, Consistency = new() { Mode = ConsistencyMode.Unbounded }, Topology = spec.Topology with { Encoders = 2 } }, hold: false);
        using var over = new CancellationTokenSource();
        // A silo that is only heard of: the run gives it an encoder, which never asks for a lease.
        var ghost = GrainKeys.Encoder("run", "ghost", 0);
        var heartbeats = BeatAsync(run.Grain, ghost, over.Token);
        var both = await UntilAsync(run.Grain, view => view.Encoders.Contains(ghost));
        var own = Assert.Single(both.Encoders, encoder => encoder != ghost);

        await run.Grain.FailAsync(ghost, "OutOfMemoryException: the device is full");
        var alone = await UntilAsync(run.Grain, view => !view.Encoders.Contains(ghost));
        Assert.All(alone.Encoders, encoder => Assert.NotEqual("ghost", GrainKeys.Parse(encoder).Silo));
        var status = await run.UntilAsync(status => status.Problem is not null);
        Assert.Equal((RunPhase.Running, $"{ghost} cannot go on: OutOfMemoryException: the device is full"), (status.Phase, status.Problem));
        await run.UntilAsync(later => later.LeasesDone > status.LeasesDone + 5);

        await run.Grain.FailAsync(own, "InvalidDataException: broken");
        var ended = await run.Grain.StatusAsync();
        Assert.Equal((RunPhase.Failed, $"{own} cannot go on: InvalidDataException: broken"), (ended.Phase, ended.Problem));
        await over.CancelAsync();
        await heartbeats;
    }

    [Fact]
    public async Task Who_asks_a_worker_that_cannot_go_on_names_that_worker()
    {
        var fault = await Assert.ThrowsAsync<Workers.WorkerFaultException>(() => Workers.WorkerFaultException.Of("run/aug/there/0", Task.FromException<int>(new InvalidDataException("no images"))));
        Assert.Equal(("run/aug/there/0", "no images"), (fault.Worker, fault.InnerException!.Message));
        await Assert.ThrowsAsync<TimeoutException>(() => Workers.WorkerFaultException.Of("run/aug/there/0", Task.FromException<int>(new TimeoutException())));
        Assert.Equal(7, await Workers.WorkerFaultException.Of("run/aug/there/0", Task.FromResult(7)));
    }

    [Fact]
    public async Task A_damaged_file_of_a_shard_is_named_and_ends_the_run()
    {
        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 4);
        await CompleteAsync(folder.Path, spec);
        var manifests = new ManifestStore(new FolderStore(folder.Path), "run/checkpoints");
        var file = (await manifests.LatestAsync(Token))!.Files.First(file => file.Name.StartsWith("parameters-", StringComparison.Ordinal));
        var path = Directory.GetFiles(folder.Path, Path.GetFileName(file.Path), SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);

        await using var again = await TestRun.OpenAsync(folder.Path);
        await again.Grain.StartAsync(spec with { Epochs = 2 }, hold: false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        RunStatus status;
        while ((status = await again.Grain.StatusAsync()).Phase != RunPhase.Failed) await Task.Delay(10, patience.Token);
        Assert.Contains(Path.GetFileName(file.Path), status.Problem, StringComparison.Ordinal);
        Assert.Contains("contrastive checkpoint verify", status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_does_not_give_a_shard_its_file_is_asked_again()
    {
        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 4);
        await CompleteAsync(folder.Path, spec);
        var away = true;
        var store = new FaultyStore(new FolderStore(folder.Path))
        {
            OnRead = key => away && key.Contains("parameters-", StringComparison.Ordinal) ? throw new StoreUnavailableException("the store is away", new IOException()) : Task.CompletedTask,
        };
        await using var again = await TestRun.OpenAsync(store);
        await again.Grain.StartAsync(spec with { Epochs = 2 }, hold: false);
        var waiting = await again.UntilAsync(status => status.Problem?.Contains("the store is away", StringComparison.Ordinal) == true);
        Assert.Equal(RunPhase.Preparing, waiting.Phase);
        away = false;
        Assert.Equal(8, (await again.UntilAsync(status => status.Phase == RunPhase.Completed)).Version);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_owner_and_shards_took_with_them_is_counted_once_by_what_encoders_have_met(bool storeFails)
    {
        using var folder = new TemporaryFolder();
        var spec = SmallRuns.Lockstep(steps: 100) with { Epochs = 1000 };
        await using (var run = await TestRun.OpenAsync(folder.Path))
        {
            await run.Grain.StartAsync(spec, hold: false);
            await run.UntilAsync(status => status.Version > 3);
            await run.Grain.RequestCheckpointAsync(thenStop: false);
            await run.UntilAsync(status => status.Checkpoint is not null);
        }

        var cut = (await new ManifestStore(new FolderStore(folder.Path), "run/checkpoints").LatestAsync(Token))!.Version;
        var writes = 0;
        var store = new FaultyStore(new FolderStore(folder.Path, flushToDisk: false))
        {
            // The first is that of the new owner, the others come after it has rolled back.
            OnWrite = key => storeFails && key.EndsWith("trainingrun/run.json", StringComparison.Ordinal) && ++writes is > 1 and < 6
                ? throw new StoreUnavailableException("the store is away", new IOException())
                : Task.CompletedTask,
        };
        await using var again = await TestRun.OpenAsync(store);
        // An encoder elsewhere that has lived on, and one that is heard of only when the run goes on.
        await again.Grain.ReachedAsync(history: 0, version: 1037);
        var status = await again.UntilAsync(status => status.Phase == RunPhase.Running);
        Assert.Equal((1, 1037 - cut), (status.History, status.UpdatesRolledBack));
        await again.Grain.ReachedAsync(history: 0, version: 1040);
        await again.Grain.ReachedAsync(history: 0, version: 1039);
        Assert.Equal(1040 - cut, (await again.Grain.StatusAsync()).UpdatesRolledBack);
    }

    [Fact]
    public async Task Workers_that_cannot_be_are_not_asked_for()
    {
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 1);
        var spec = SmallRuns.Lockstep(steps: 100);
        await run.Grain.StartAsync(spec with { Method = "simclr", Epochs = 1000, Topology = new() { Encoders = 1, KeyEncoders = 0, NegativeShards = 0 }, Consistency = new() { Mode = ConsistencyMode.Unbounded } }, hold: false);
        Assert.Contains("needs none", (await Assert.ThrowsAsync<ArgumentException>(() => run.Grain.ScaleAsync(new(KeyEncoders: 1)))).Message, StringComparison.Ordinal);
        Assert.Contains("expected 1 to 4096", (await Assert.ThrowsAsync<ArgumentException>(() => run.Grain.ScaleAsync(new(Encoders: 1_000_000)))).Message, StringComparison.Ordinal);
        await run.Grain.ScaleAsync(new(Encoders: 3));
        Assert.Equal(3, (await run.UntilAsync(status => status.Encoders == 3)).Encoders);
        await run.Grain.ScaleAsync(new(Encoders: 1));
        await run.UntilAsync(status => status.Encoders == 1);
        await run.Grain.RequestCheckpointAsync(thenStop: true);
        var stopped = await run.UntilAsync(status => status.Phase == RunPhase.Stopped);
        Assert.Equal(stopped.LeasesDone * 8, stopped.SamplesApplied);
    }

    private static async Task CompleteAsync(string folder, RunSpec spec)
    {
        await using var run = await TestRun.OpenAsync(folder);
        await run.Grain.StartAsync(spec, hold: false);
        await run.UntilAsync(status => status.Phase == RunPhase.Completed);
    }

    private static async Task<RunView> UntilAsync(ITrainingRunGrain run, Func<RunView, bool> reached)
    {
        for (var look = 0; look < 3000; look++)
        {
            if (await run.ViewAsync() is { } view && reached(view)) return view;
            await Task.Delay(10, Token);
        }

        var status = await run.StatusAsync();
        Assert.Fail($"The run has no such view; it is {status.Phase} with {status.Encoders} encoders: {status.Problem}");
        throw new InvalidOperationException();
    }

    private static async Task BeatAsync(ITrainingRunGrain run, string encoder, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await run.HeartbeatAsync(new() { Silo = GrainKeys.Parse(encoder).Silo, Roles = WorkerRoles.Encoder, Lanes = ["cpu:0"], Active = [encoder, GrainKeys.Evaluation("run", GrainKeys.Parse(encoder).Silo)] });
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
