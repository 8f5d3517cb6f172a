using System.Text.RegularExpressions;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Ledgers;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>Real silos on loopback over a store of their own, and one run. Whatever a test started is ended with it.</summary>
internal sealed partial class TestCluster : IAsyncDisposable
{
    /// <summary>The run of the test.</summary>
    public const string Run = "run";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly LocalCluster _cluster;

    /// <param name="store">Folder of the store; one of its own by default.</param>
    public TestCluster(string? store = null)
    {
        StoreFolder = store ?? _folder["store"];
        _cluster = new(
            Path.Combine(AppContext.BaseDirectory, "contrastive-silo.dll"), StoreFolder, $"test-{Guid.NewGuid():N}", _folder["logs"],
            "--ledger", LedgerFolder, "--lanes", "1", "--threads", "1", "--Worker:DirectoryPeriod", "00:00:00.2");
    }

    /// <summary>Folder of the cluster's store.</summary>
    public string StoreFolder { get; }

    /// <summary>Where encoders write down their commits.</summary>
    public string LedgerFolder => _folder["ledgers"];

    /// <summary>The store.</summary>
    public ICheckpointStore Store => _cluster.Store;

    /// <summary>The silos.</summary>
    public LocalCluster Cluster => _cluster;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a silo and does not wait for it.</summary>
    public SiloProcess Launch(string label, string roles, params string[] options) => _cluster.Launch(label, roles, options);

    /// <summary>Starts a silo and waits until it has joined.</summary>
    public async Task<SiloProcess> StartAsync(string label, string roles, params string[] options)
    {
        var silo = Launch(label, roles, options);
        await silo.Ready.WaitAsync(Patience, Token);
        return silo;
    }

    /// <summary>Starts several silos side by side.</summary>
    public async Task StartAsync(params (string Label, string Roles)[] silos)
    {
        foreach (var (label, roles) in silos) Launch(label, roles);
        await _cluster.ReadyAsync(Token);
    }

    /// <summary>The newest silo of that label.</summary>
    public SiloProcess Silo(string label) => _cluster.Silo(label);

    /// <summary>The first address of a silo's health endpoints, by its log.</summary>
    public static string HealthUrl(SiloProcess silo) => HealthUrl().Match(File.ReadAllText(silo.LogFile)).Value;

    /// <summary>Hands a run to the cluster.</summary>
    public async Task StartRunAsync(RunSpec spec)
    {
        await _cluster.Client.AskAsync(Run, run => run.StartAsync(spec, hold: false), Patience, Token);
        await _cluster.Client.Runs.AddAsync(Run, Token);
    }

    /// <summary>Begins to watch the run.</summary>
    public ProgressWatch Watch() => new(_cluster.Client, Run);

    /// <summary>Waits until the run has come so far.</summary>
    public async Task<RunStatus> UntilAsync(string what, Func<RunStatus, bool> reached, int seconds = 180, string run = Run)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var status = await _cluster.StatusAsync(run, Token);
            if (reached(status)) return status;
            Assert.True(status.Phase != RunPhase.Failed, $"The run failed: {status.Problem}\n{_cluster.Logs()}");
            Assert.False(
                patience.IsCancellationRequested,
                $"Waited {seconds} s for {what}; the run is {status.Phase} at version {status.Version} with {status.Members} members: {status.Problem}\n{_cluster.Logs()}");
            await Task.Delay(20, Token);
        }
    }

    /// <summary>Waits until the run has done so many more leases.</summary>
    public async Task MoreAsync(int leases)
    {
        // A roll-back may take some away; those that follow count.
        var (last, done) = (long.MaxValue, 0L);
        await UntilAsync($"{leases} more leases", status =>
        {
            if (status.LeasesDone > last) done += status.LeasesDone - last;
            last = status.LeasesDone;
            return done >= leases || status.Phase == RunPhase.Completed;
        });
    }

    /// <summary>Waits until every shard has all the members that it should have.</summary>
    public Task<RunStatus> WholeAsync() => UntilAsync("every shard to have all its members", status =>
        status.Phase == RunPhase.Running && status.Members.Split(" of ") is [var found, var wanted] && found == wanted);

    /// <summary>Stops the run with a checkpoint.</summary>
    public async Task<RunStatus> StopRunAsync()
    {
        var asked = 0;
        return await UntilAsync("the run to stop", status =>
        {
            // An owner that has died meanwhile has forgotten the request.
            if (asked++ % 50 == 0) _ = _cluster.Client.Run(Run).RequestCheckpointAsync(thenStop: true);
            return status.Phase is RunPhase.Stopped or RunPhase.Completed;
        });
    }

    /// <summary>Holds the encoders' ledgers against the last checkpoint.</summary>
    public Task<LedgerAudit> AuditAsync(bool complete) => LedgerAudit.CompareAsync(Store, Run, LedgerFolder, complete, Token);

    /// <summary>The run grain's term: rises with every new owner.</summary>
    public async Task<long> TermAsync() => (await _cluster.ViewAsync(Run, Token)).Number >> 20;

    /// <summary>The silo where somebody of the run lives.</summary>
    public Task<SiloProcess> FindAsync(Victim victim) => _cluster.FindAsync(Run, victim, Token);

    /// <summary>Figures for whoever reads the test's output.</summary>
    public static void Say(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Console.WriteLine($"    {line}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }
    [GeneratedRegex(@"http://[0-9.:]+")]
    private static partial Regex HealthUrl();
}
