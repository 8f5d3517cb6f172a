using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Clients;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>Real silos on loopback over a store of their own. Whatever a test started is ended with it, by process id.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "contrastive-silo.dll");
    private static readonly TimeSpan _startWithin = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloProcess> _silos = [];
    private ClusterClient? _client;

    /// <summary>The run of the test.</summary>
    public const string Run = "run";

    /// <summary>The cluster's store.</summary>
    public string StoreFolder => _folder["store"];

    /// <summary>Where encoders write down their commits.</summary>
    public string LedgerFolder => _folder["ledgers"];

    /// <summary>The store.</summary>
    public FolderStore Store => new(StoreFolder, flushToDisk: false);

    /// <summary>The cluster's id.</summary>
    public string Id { get; } = $"test-{Guid.NewGuid():N}";

    /// <summary>The silos that were started, in that order.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>The way in.</summary>
    public ClusterClient Client => _client ?? throw new InvalidOperationException("The cluster has no client yet.");

    /// <summary>Starts a silo and does not wait for it.</summary>
    public SiloProcess Launch(string label, string roles, params string[] arguments)
    {
        var silo = SiloProcess.Start(_program, label, _folder[$"{label}-{_silos.Count}.log"],
        [
            "--store", StoreFolder, "--cluster", Id, "--roles", roles, "--ledger", LedgerFolder, "--lanes", "1", "--threads", "1",
            "--Worker:DirectoryPeriod", "00:00:00.2", .. arguments,
        ]);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Starts a silo and waits until it has joined.</summary>
    public async Task<SiloProcess> StartAsync(string label, string roles, params string[] arguments)
    {
        var silo = Launch(label, roles, arguments);
        await silo.Ready.WaitAsync(_startWithin, TestContext.Current.CancellationToken);
        return silo;
    }

    /// <summary>Starts several silos side by side.</summary>
    public async Task StartAsync(params (string Label, string Roles)[] silos)
    {
        foreach (var (label, roles) in silos) Launch(label, roles);
        await Task.WhenAll(_silos.Select(silo => silo.Ready)).WaitAsync(_startWithin, TestContext.Current.CancellationToken);
    }

    /// <summary>Connects a client.</summary>
    public async Task ConnectAsync() => _client = await ClusterClient.ConnectAsync(Store, Id, TestContext.Current.CancellationToken);

    /// <summary>Hands a run to the cluster.</summary>
    public async Task StartRunAsync(RunSpec spec)
    {
        if (_client is null) await ConnectAsync();
        await Client.AskAsync(Run, run => run.StartAsync(spec, hold: false), _startWithin, TestContext.Current.CancellationToken);
        await Client.Runs.AddAsync(Run, TestContext.Current.CancellationToken);
    }

    /// <summary>Where the run stands.</summary>
    public Task<RunStatus> StatusAsync() =>
        Client.AskAsync(Run, run => run.StatusAsync(), TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

    /// <summary>Waits until the run has come so far.</summary>
    public async Task<RunStatus> UntilAsync(string what, Func<RunStatus, bool> reached, int seconds = 120)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var status = await StatusAsync();
            if (reached(status)) return status;
            Assert.True(status.Phase != RunPhase.Failed, $"The run failed: {status.Problem}\n{Logs()}");
            Assert.False(patience.IsCancellationRequested, $"Waited {seconds} s for '{what}'; the run is {status.Phase} at version {status.Version}: {status.Problem}\n{Logs()}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The end of every silo's log.</summary>
    public string Logs() => string.Join('\n', _silos.Select(silo => $"---- {silo.Label} ({(silo.HasEnded ? $"ended with {silo.ExitCode}" : "up")})\n{silo.Tail}"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos) await silo.DisposeAsync();
        if (_client is not null) await _client.DisposeAsync();
        _folder.Dispose();
    }
}
