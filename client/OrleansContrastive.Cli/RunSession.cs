using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting;
using OrleansContrastive.Hosting.Workers;
using Serilog;
using TorchSharp;

namespace OrleansContrastive.Cli;

/// <summary>A run on an embedded silo, from its start to its verdict.</summary>
internal sealed class RunSession : IAsyncDisposable
{
    /// <summary>Id of the run within its folder.</summary>
    public const string RunId = "run";

    /// <summary>The silo's log within the run's folder; every run has one.</summary>
    public const string LogName = "log.txt";

    private readonly EmbeddedCluster _cluster;
    private readonly ICheckpointStore _store;
    private readonly string _folder;
    private readonly Serilog.Core.Logger _log;
    private readonly ITrainingRunGrain _run;

    private RunSession(EmbeddedCluster cluster, ICheckpointStore store, string folder, Serilog.Core.Logger log)
    {
        (_cluster, _store, _folder, _log) = (cluster, store, folder, log);
        _run = cluster.Run(RunId);
    }

    /// <summary>The device of each lane.</summary>
    public IReadOnlyList<torch.Device> Devices => _cluster.Devices;

    /// <summary>Starts the silo; its log goes into the run's folder.</summary>
    public static async Task<RunSession> StartAsync(ICheckpointStore store, string folder, Action<WorkerOptions> worker, CancellationToken cancellation)
    {
        var log = new LoggerConfiguration().MinimumLevel.Information()
            .WriteTo.File(Path.Combine(folder, LogName), formatProvider: System.Globalization.CultureInfo.InvariantCulture)
            .CreateLogger();
        try
        {
            var cluster = await EmbeddedCluster.StartAsync(store, worker, logging => logging.AddSerilog(log), cancellation);
            return new(cluster, store, folder, log);
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <summary>Trains to the end, or to Ctrl-C, and judges. Returns the exit code.</summary>
    /// <param name="spec">What to learn; null = go on from the last checkpoint.</param>
    /// <param name="evaluateEpochs">Epochs between two quick evaluations; 0 = none.</param>
    /// <param name="display">Where the user looks.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    public async Task<int> TrainAsync(RunSpec? spec, int evaluateEpochs, IRunDisplay display, CancellationToken cancellation)
    {
        // What others applied before counts as learned, and not as done in this process's seconds.
        var before = spec is null ? await AppliedAsync(cancellation) : 0;
        RunStatus started;
        try
        {
            started = await _run.StartAsync(spec, hold: false);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }

        display.Begin(started, _folder);
        var notJudged = _cluster.WhyNotJudged(started.Spec!.Dataset);
        if (notJudged is not null) display.Say($"The encoder will not be judged: {notJudged}");
        var follower = new RunFollower(_run, notJudged is null ? evaluateEpochs : 0, QuickAsync);
        var status = await display.FollowAsync(follower, cancellation);
        if (status.Phase == RunPhase.Failed)
        {
            display.Say($"The run failed: {status.Problem} Its log is {Path.Combine(_folder, LogName)}.");
            return ExitCodes.Failed;
        }

        if (status.Phase == RunPhase.Stopped)
        {
            display.Say($"Stopped at version {status.Version} with a checkpoint. Go on by: contrastive resume {_folder}");
            return ExitCodes.Interrupted;
        }

        if (notJudged is null) return await JudgeAsync(status, before, display);
        display.Result(RunResult.Create(status, before, trained: null, untrained: null, _folder));
        return ExitCodes.Done;
    }

    /// <summary>Trains to the end, saying nothing.</summary>
    /// <exception cref="InvalidOperationException">The run failed.</exception>
    public async Task<RunStatus> TrainAsync(RunSpec spec, CancellationToken cancellation)
    {
        await _run.StartAsync(spec, hold: false);
        var follower = new RunFollower(_run, 0, QuickAsync);
        RunStatus status;
        do status = await follower.NextAsync(cancellation);
        while (!RunFollower.IsOver(status));
        cancellation.ThrowIfCancellationRequested();
        return status.Phase == RunPhase.Completed ? status : throw new InvalidOperationException($"The run ended as {status.Phase}: {status.Problem}");
    }

    /// <summary>Top-1 accuracy of kNN (k = 20, T = 0.07) on the encoder's features; 0 images = all.</summary>
    public async Task<double> JudgeAsync(int train, int test)
    {
        var report = await KnnAsync(new() { View = await ViewAsync(), Train = train, Test = test, Settings = [new(20, 0.07)] });
        return report.Results[0].Top1;
    }

    /// <summary>kNN of the run as it stands, and of the encoder that it started from; 0 images = all.</summary>
    public async Task<(KnnReport Trained, KnnReport Untrained)> CompareAsync(int train, int test, bool untrained = true)
    {
        var request = new KnnRequest { View = await ViewAsync(), Train = train, Test = test };
        var trained = await KnnAsync(request);
        return (trained, untrained ? await KnnAsync(request with { Untrained = true }) : trained);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _log.DisposeAsync();
    }

    private async Task<int> JudgeAsync(RunStatus status, long samplesBefore, IRunDisplay display)
    {
        display.Say(status.Spec!.Model.Evaluated == EvaluatedNetwork.Key
            ? "Judging the key encoder, with the query's batch-norm moments, by weighted kNN ..."
            : "Judging the encoder by weighted kNN ...");
        var view = await ViewAsync();
        var trained = await KnnAsync(new() { View = view, Features = [KnnFeatures.Encoder, KnnFeatures.EncoderGrid, KnnFeatures.Pixels] });
        await VerdictFile.AddAsync(_folder, view.Spec, trained);
        var untrained = await KnnAsync(new() { View = view, Features = [KnnFeatures.Encoder], Untrained = true });
        display.Result(RunResult.Create(status, samplesBefore, trained, untrained, _folder));
        return ExitCodes.Done;
    }

    /// <summary>Samples in the newest checkpoint.</summary>
    private async Task<long> AppliedAsync(CancellationToken cancellation)
    {
        try
        {
            return (await new ManifestStore(_store, $"{RunId}/checkpoints").LatestAsync(cancellation))?.SamplesApplied ?? 0;
        }
        catch (CheckpointException)
        {
            // The run itself says what is wrong with it, or goes on from an older one.
            return 0;
        }
    }

    private async Task<KnnReport> QuickAsync()
    {
        var view = await ViewAsync();
        var report = await KnnAsync(KnnRequest.Quick(view));
        await VerdictFile.AddAsync(_folder, view.Spec, report);
        return report;
    }

    private Task<KnnReport> KnnAsync(KnnRequest request) => _cluster.Grains.GetGrain<IEvaluationGrain>(request.View.Evaluation).KnnAsync(request);

    private async Task<RunView> ViewAsync() =>
        await _run.ViewAsync() ?? throw new InvalidOperationException("The run has no view of its shards; was it ever running?");
}
