using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Hosting;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>A run through all grains of an embedded silo, in a folder of its own.</summary>
internal sealed class TestRun : IAsyncDisposable
{
    private readonly EmbeddedCluster _cluster;

    private TestRun(EmbeddedCluster cluster)
    {
        _cluster = cluster;
        Grain = cluster.Run("run");
    }

    public ITrainingRunGrain Grain { get; }

    /// <summary>A silo over a folder, with single-threaded lanes.</summary>
    public static Task<TestRun> OpenAsync(string folder, int lanes = 2) => OpenAsync(new FolderStore(folder, flushToDisk: false), lanes);

    /// <summary>A silo over any store.</summary>
    public static async Task<TestRun> OpenAsync(ICheckpointStore store, int lanes = 2) => new(await EmbeddedCluster.StartAsync(
        // Nobody is there to hand a run over to.
        store, options => (options.Lanes, options.ThreadsPerLane, options.DrainTimeout) = (lanes, 1, TimeSpan.FromSeconds(1))));

    /// <summary>Trains to the end and returns what was learned.</summary>
    public static async Task<RunOutcome> TrainAsync(RunSpec spec)
    {
        using var folder = new TemporaryFolder();
        await using var run = await OpenAsync(folder.Path, Math.Max(1, spec.Topology.Encoders));
        await run.Grain.StartAsync(spec, hold: false);
        await run.UntilAsync(status => status.Phase == RunPhase.Completed);
        return await run.OutcomeAsync();
    }

    /// <summary>Waits until the run has come so far.</summary>
    public async Task<RunStatus> UntilAsync(Func<RunStatus, bool> reached)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var status = await Grain.StatusAsync();
            if (reached(status)) return status;
            Assert.True(status.Phase != RunPhase.Failed, $"The run failed: {status.Problem}");
            Assert.False(patience.IsCancellationRequested, $"The run did not get there; it is {status.Phase} at version {status.Version}: {status.Problem}");
            await Task.Delay(10);
        }
    }

    /// <summary>θ_q of a run in float64.</summary>
    public async Task<double[]> WeightsAsync() =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(await ReadAsync((await Grain.ViewAsync())!, ParameterKind.Query)).ToArray();

    /// <summary>Judges the run as it stands.</summary>
    public async Task<KnnReport> KnnAsync(Func<RunView, KnnRequest> request)
    {
        var view = (await Grain.ViewAsync())!;
        return await _cluster.Grains.GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(request(view));
    }

    /// <summary>What the shards hold.</summary>
    public async Task<RunOutcome> OutcomeAsync()
    {
        var view = (await Grain.ViewAsync())!;
        var store = _cluster.Grains.GetGrain<INegativeStoreGrain>(view.NegativeShards[0]);
        var rows = await store.ReadAsync(new(view.History, 0, -1));
        return new(
            await ReadAsync(view, ParameterKind.Query),
            await ReadAsync(view, ParameterKind.Key),
            await ReadAsync(view, ParameterKind.Moments),
            rows.Rows!.Data.ToArray(),
            rows.SampleIds,
            rows.End);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private async Task<byte[]> ReadAsync(RunView view, ParameterKind kind)
    {
        var set = await new ParameterReader(_cluster.Grains, kind).TryFetchAsync(view, -1);
        return [.. set!.Shards.SelectMany(shard => shard.ToArray())];
    }
}
