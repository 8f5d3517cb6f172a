using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Stores.Blobs;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Cli.Commands.Runs;
using OrleansContrastive.Cli.Display;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Cli.Recipes;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Ledgers;
using TorchSharp;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>
/// Four silos on loopback train one run, one of them is killed half-way and replaced; the books are compared, and the encoder is
/// judged beside that of a run of as many samples in one process.
/// </summary>
internal sealed class ClusterDemo(DemoPlan plan, TextWriter words)
{
    private const string Run = "demo";
    private const string Container = "demo";
    private const int Replicas = 2;
    private const int MostEnded = 8;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whatever holds state lives on two silos: the run's owner and the parameters on a and b, the queue on b and d. What
    /// holds none may live on one, as augmentation and keys do: its replacement has nothing to take over but the work.
    /// </summary>
    private static readonly (string Label, string Roles)[] Silos =
    [
        ("a", "parameters,run"), ("b", "parameters,run,negatives"), ("c", "encoder"), ("d", "augmentation,key,encoder,negatives"),
    ];

    private int _ended;

    /// <summary>Plays it.</summary>
    /// <param name="cancellation">Ctrl-C.</param>
    /// <exception cref="InvalidOperationException">The run failed.</exception>
    public async Task<DemoResult> PlayAsync(CancellationToken cancellation)
    {
        await using var emulator = plan.Storage is null ? await EmulateAsync(cancellation) : null;
        var storage = emulator?.AddressOf(Container) ?? plan.Storage!;
        var ledgers = Path.Combine(plan.Folder, "ledgers");
        await using var cluster = new LocalCluster(
            plan.Silo, storage, $"demo-{Guid.NewGuid().ToString("N")[..8]}", Path.Combine(plan.Folder, "logs"), "--ledger", ledgers, "--lanes", "1", "--threads", "1");
        await StartAsync(cluster, cancellation);
        var course = await TrainAsync(cluster, cancellation);
        words.WriteLine("The run is complete. Judging its encoder ...");
        var knn = await JudgeAsync(cluster, cancellation);
        var audit = await LedgerAudit.CompareAsync(cluster.Store, Run, ledgers, complete: true, cancellation);
        await Task.WhenAll(cluster.Silos.Where(process => !process.HasEnded).Select(process => process.StopAsync(cancellation)));
        var single = plan.Alone is null ? null : await SingleAsync(plan.Alone, cancellation);
        var (status, traffic) = (course.Status, course.Figures.TrafficPerLease);
        return new()
        {
            Victim = plan.Victim.ToString().ToLowerInvariant(),
            Storage = emulator is not null ? "azurite" : StoreAddress.Parse(storage) is { Folder: null } address ? address.ToString() : "folder",
            KnnTop1 = knn,
            SingleProcessKnnTop1 = single?.KnnTop1,
            SecondsToProgress = Math.Round(course.Stall, 2),
            SecondsToReplacement = Math.Round(course.Replaced, 2),
            SilosEnded = _ended,
            UpdatesLost = audit.UpdatesLost,
            UpdatesRolledBack = status.UpdatesRolledBack,
            SamplesCountedTwice = audit.SamplesCountedTwice + Math.Max(0, (audit.RowsTaken ?? audit.RowsExpected) - audit.RowsExpected),
            SamplesNeverCounted = audit.SamplesNeverCounted,
            UpdatesAcknowledged = audit.Acknowledged,
            LeasesGrantedAgain = course.Figures.LeasesRegranted,
            ImagesPerSecond = course.Trained > TimeSpan.Zero ? Math.Round(status.SamplesApplied / course.Trained.TotalSeconds, 1) : 0,
            SingleProcessImagesPerSecond = single?.ImagesPerSecond,
            StalenessP50 = course.Figures.StalenessP50,
            StalenessP99 = course.Figures.StalenessP99,
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
            Folder = plan.Folder,
        };
    }

    private async Task<StorageEmulator> EmulateAsync(CancellationToken cancellation)
    {
        try
        {
            var emulator = await StorageEmulator.StartAsync(
                StorageEmulator.ProgramIn(DatasetCache.CacheRoot), Path.Combine(plan.Folder, "azurite"), cancellationToken: cancellation);
            words.WriteLine($"storage emulator: {emulator.Endpoint}");
            return emulator;
        }
        catch (FileNotFoundException exception)
        {
            throw new UsageException($"--storage azurite: {exception.Message}");
        }
    }

    private async Task StartAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        foreach (var (label, roles) in Silos)
        {
            var process = cluster.Launch(label, roles);
            words.WriteLine($"silo {label}: {roles} (process {process.Id})");
            // The first one is the first one: it makes the cluster, and the others join it.
            if (cluster.Silos.Count == 1) await process.Ready.WaitAsync(JoinPatience, cancellation);
        }

        await cluster.ReadyAsync(cancellation);
    }

    /// <summary>Trains to the end, with one death and one replacement half-way.</summary>
    private async Task<Course> TrainAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        RunSpec spec;
        // The run waits for all four, so that every shard has its follower from the start.
        var shared = plan.Recipe with { Replicas = Replicas, MinimumSilos = Silos.Length };
        using (var dataset = RecipeOptions.OpenDataset(shared)) spec = SpecResolver.Resolve(shared, dataset, [torch.CPU]);
        spec = await WeightsFile.ApplyAsync(spec, shared, cluster.Store, words.WriteLine, cancellation);
        var status = await StartRunCommand.StartAsync(cluster.Client, Run, spec, cancellation);
        foreach (var line in ProgressText.Begin(status)) words.WriteLine(line);

        await using var watch = new ProgressWatch(cluster.Client, Run);
        var (killed, said, joined) = ((TimeSpan?)null, TimeSpan.Zero, Task.FromResult(TimeSpan.Zero));
        while (!RunFollower.IsOver(status))
        {
            await Task.Delay(Period, cancellation);
            status = await cluster.StatusAsync(Run, cancellation);
            if (watch.Now - said > SayEvery)
            {
                words.WriteLine(ProgressText.Line(status, null));
                said = watch.Now;
            }

            Revive(cluster);
            if (killed is not null || status.LeasesDone < spec.TotalLeases / 2) continue;
            var process = await cluster.FindAsync(Run, plan.Victim, cancellation);
            killed = watch.Now;
            await process.KillAsync();
            words.WriteLine($"Killed silo {process.Label} (process {process.Id}) with SIGKILL at lease {status.LeasesDone:N0}; a replacement starts.");
            joined = JoinedAsync(cluster.Launch(process.Label, RolesOf(process.Label)), watch, cancellation);
        }

        var logs = $"The silos' logs are in {Path.Combine(plan.Folder, "logs")}.";
        if (status.Phase != RunPhase.Completed) throw new InvalidOperationException($"The run is {status.Phase.ToString().ToLowerInvariant()}: {status.Problem} {logs}");
        if (killed is not { } at) throw new InvalidOperationException($"The run was over before anybody could be killed: give it more samples. {logs}");
        // A short run may be over before the replacement is there.
        var replaced = await joined;
        var figures = await watch.FiguresAsync(status.LeasesDone, cancellation);
        return new(status, figures, watch.LongestStall(at, over: true), (replaced - at).TotalSeconds, watch.Trained);
    }

    /// <summary>Starts silos again that have ended by themselves, as whoever runs a cluster does: on a busy machine one may be silent for too long.</summary>
    private void Revive(LocalCluster cluster)
    {
        foreach (var silo in Silos.Select(entry => cluster.Silo(entry.Label)).Where(silo => silo.HasEnded).ToList())
        {
            if (++_ended > MostEnded) throw new InvalidOperationException($"{_ended} silos have ended by themselves, the last one with {silo.ExitCode}: {silo.Tail}");
            words.WriteLine($"Silo {silo.Label} (process {silo.Id}) ended by itself with {silo.ExitCode}; its log is {silo.LogFile}. It starts again.");
            cluster.Launch(silo.Label, RolesOf(silo.Label));
        }
    }

    private static string RolesOf(string label) => Silos.First(entry => entry.Label == label).Roles;

    private static async Task<TimeSpan> JoinedAsync(SiloProcess replacement, ProgressWatch watch, CancellationToken cancellation)
    {
        await replacement.Ready.WaitAsync(JoinPatience, cancellation);
        return watch.Now;
    }

    private static async Task<double> JudgeAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        RunView view;
        // Where the judge's silo is the one that died, the run finds another.
        while (!cluster.IsUp(GrainKeys.Parse((view = await cluster.ViewAsync(Run, cancellation)).Evaluation).Silo)) await Task.Delay(Period, cancellation);
        var report = await cluster.Client.Grains.GetGrain<IEvaluationGrain>(view.Evaluation).KnnAsync(new() { View = view }).WaitAsync(cancellation);
        return Math.Round(report.Results[0].Top1, 4);
    }

    private async Task<RunResult?> SingleAsync(TrainingRecipe alone, CancellationToken cancellation)
    {
        words.WriteLine("The same number of samples in one process, for comparison ...");
        var place = Path.Combine(plan.Folder, "single");
        using var dataset = RecipeOptions.OpenDataset(alone);
        var single = new FolderStore(place);
        await using var session = await RunSession.StartAsync(single, place, _ => { }, cancellation);
        var display = new QuietDisplay(words);
        var spec = await WeightsFile.ApplyAsync(SpecResolver.Resolve(alone, dataset, session.Devices), alone, single, words.WriteLine, cancellation);
        await session.TrainAsync(spec, evaluateEpochs: 0, display, cancellation);
        return display.Last;
    }

    /// <summary>What became of a run.</summary>
    /// <param name="Status">How it ended.</param>
    /// <param name="Figures">What its owners measured.</param>
    /// <param name="Stall">Seconds for which it stood still after the kill.</param>
    /// <param name="Replaced">Seconds from the kill until the replacement was there.</param>
    /// <param name="Trained">From the first commit to the last one.</param>
    private sealed record Course(RunStatus Status, RunFigures Figures, double Stall, double Replaced, TimeSpan Trained);

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
