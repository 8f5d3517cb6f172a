using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Commands.Runs;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Ledgers;
using TorchSharp;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>
/// Four silos on loopback train one run, one of them is killed half-way and replaced; the books are compared, and the encoder is
/// judged beside that of a run of as many samples in one process.
/// </summary>
internal sealed class ClusterDemo(string silo, string store, string folder, TrainingRecipe recipe, TrainingRecipe alone, Victim victim, TextWriter words)
{
    private const string Run = "demo";
    private const int Replicas = 2;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);

    private static readonly (string Label, string Roles)[] Silos =
    [
        ("a", "parameters,run"), ("b", "parameters,run,negatives"), ("c", "encoder"), ("d", "augmentation,key,encoder"),
    ];

    /// <summary>Plays it.</summary>
    /// <param name="withSingle">Train in one process too, for comparison.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    /// <exception cref="InvalidOperationException">The run failed.</exception>
    public async Task<DemoResult> PlayAsync(bool withSingle, CancellationToken cancellation)
    {
        var ledgers = Path.Combine(folder, "ledgers");
        await using var cluster = new LocalCluster(silo, store, $"demo-{Guid.NewGuid().ToString("N")[..8]}", Path.Combine(folder, "logs"), "--ledger", ledgers, "--lanes", "1", "--threads", "1");
        foreach (var (label, roles) in Silos)
        {
            var process = cluster.Launch(label, roles);
            words.WriteLine($"silo {label}: {roles} (process {process.Id})");
        }

        await cluster.ReadyAsync(cancellation);
        var (status, stall, trained) = await TrainAsync(cluster, cancellation);
        words.WriteLine("The run is complete. Judging its encoder ...");
        var knn = await JudgeAsync(cluster, cancellation);
        var audit = await LedgerAudit.CompareAsync(cluster.Store, Run, ledgers, complete: true, cancellation);
        await Task.WhenAll(cluster.Silos.Where(process => !process.HasEnded).Select(process => process.StopAsync(cancellation)));
        var single = withSingle ? await SingleAsync(cancellation) : null;
        var traffic = status.Asynchrony?.TrafficPerLease ?? default;
        return new()
        {
            Victim = victim.ToString().ToLowerInvariant(),
            KnnTop1 = knn,
            SingleProcessKnnTop1 = single?.KnnTop1,
            SecondsToProgress = Math.Round(stall, 2),
            UpdatesLost = audit.UpdatesLost,
            UpdatesRolledBack = status.UpdatesRolledBack,
            SamplesCountedTwice = audit.SamplesCountedTwice + Math.Max(0, audit.RowsTaken - audit.RowsExpected),
            SamplesNeverCounted = audit.SamplesNeverCounted,
            UpdatesAcknowledged = audit.Acknowledged,
            LeasesGrantedAgain = status.LeasesRegranted,
            ImagesPerSecond = trained > TimeSpan.Zero ? Math.Round(status.SamplesApplied / trained.TotalSeconds, 1) : 0,
            SingleProcessImagesPerSecond = single?.ImagesPerSecond,
            StalenessP50 = status.Asynchrony?.GradientStaleness.P50 ?? 0,
            StalenessP99 = status.Asynchrony?.GradientStaleness.P99 ?? 0,
            BytesPerLease = new Dictionary<string, long>
            {
                ["views"] = traffic.Views,
                ["keys"] = traffic.Keys,
                ["gradients"] = traffic.Gradients,
                ["rows"] = traffic.Rows,
                ["parameters"] = traffic.Parameters,
                ["contrast"] = traffic.Contrast,
            },
            Samples = status.SamplesApplied,
            Folder = folder,
        };
    }

    /// <summary>Trains to the end, with one death and one replacement half-way.</summary>
    private async Task<(RunStatus Status, double Stall, TimeSpan Trained)> TrainAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        RunSpec spec;
        // The run waits for all four, so that every shard has its follower from the start.
        var shared = recipe with { Replicas = Replicas, MinimumSilos = Silos.Length };
        using (var dataset = RecipeOptions.OpenDataset(shared)) spec = SpecResolver.Resolve(shared, dataset, [torch.CPU]);
        spec = await WeightsFile.ApplyAsync(spec, shared, cluster.Store, words.WriteLine, cancellation);
        var status = await StartRunCommand.StartAsync(cluster.Client, Run, spec, cancellation);
        foreach (var line in ProgressText.Begin(status)) words.WriteLine(line);

        await using var watch = new ProgressWatch(cluster.Client, Run);
        var (stall, killed) = (0.0, (TimeSpan?)null);
        var said = TimeSpan.Zero;
        while (!RunFollower.IsOver(status))
        {
            await Task.Delay(Period, cancellation);
            status = await cluster.StatusAsync(Run, cancellation);
            if (killed is { } at && status.Phase == RunPhase.Running) stall = watch.LongestStall(at);
            if (watch.Now - said > SayEvery)
            {
                words.WriteLine(ProgressText.Line(status, null));
                said = watch.Now;
            }

            if (killed is not null || status.LeasesDone < spec.TotalLeases / 2) continue;
            var process = await cluster.FindAsync(Run, victim, cancellation);
            killed = watch.Now;
            await process.KillAsync();
            words.WriteLine($"Killed silo {process.Label} (process {process.Id}) with SIGKILL at lease {status.LeasesDone:N0}; a replacement starts.");
            cluster.Launch(process.Label, Silos.First(entry => entry.Label == process.Label).Roles);
        }

        return status.Phase == RunPhase.Completed
            ? (status, stall, watch.Trained)
            : throw new InvalidOperationException($"The run is {status.Phase.ToString().ToLowerInvariant()}: {status.Problem} The silos' logs are in {Path.Combine(folder, "logs")}.");
    }

    private static async Task<double> JudgeAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        var view = await cluster.ViewAsync(Run, cancellation);
        var report = await cluster.Client.Grains.GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(new() { View = view }).WaitAsync(cancellation);
        return Math.Round(report.Results[0].Top1, 4);
    }

    private async Task<RunResult?> SingleAsync(CancellationToken cancellation)
    {
        words.WriteLine("The same number of samples in one process, for comparison ...");
        var place = Path.Combine(folder, "single");
        using var dataset = RecipeOptions.OpenDataset(alone);
        var single = new FolderStore(place);
        await using var session = await RunSession.StartAsync(single, place, _ => { }, cancellation);
        var display = new QuietDisplay(words);
        var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(alone, dataset, session.Devices), alone, single, words.WriteLine, cancellation);
        await session.TrainAsync(spec, evaluateEpochs: 0, display, cancellation);
        return display.Last;
    }

    /// <summary>Keeps the result instead of showing it.</summary>
    private sealed class QuietDisplay(TextWriter words) : IRunDisplay
    {
        private readonly PlainDisplay _inner = new(words, TextWriter.Null);

        public RunResult? Last { get; private set; }

        public void Begin(RunStatus status, string folder) => _inner.Begin(status, folder);

        public Task<RunStatus> FollowAsync(IRunFollower follower, CancellationToken cancellation) => _inner.FollowAsync(follower, cancellation);

        public void Say(string line) => _inner.Say(line);

        public void Result(RunResult result) => Last = result;
    }
}
