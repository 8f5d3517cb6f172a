using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>Silo processes of this machine that form a cluster over a store. All are ended with it, by process id.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string _address;
    private readonly string _logs;
    private readonly string[] _common;
    private readonly List<SiloProcess> _silos = [];
    private ClusterClient? _client;

    /// <summary>Says where; starts nothing yet.</summary>
    /// <param name="program"><c>contrastive-silo</c>, or its dll.</param>
    /// <param name="address">The store's address.</param>
    /// <param name="id">The cluster's id.</param>
    /// <param name="logs">Folder of the silos' logs.</param>
    /// <param name="common">Options of all silos.</param>
    public LocalCluster(string program, string address, string id, string logs, params string[] common)
    {
        (_program, _address, Id, _logs, _common) = (program, address, id, logs, common);
        Store = StoreAddress.Parse(address).Open();
    }

    /// <summary>The cluster's id.</summary>
    public string Id { get; }

    /// <summary>The cluster's store.</summary>
    public ICheckpointStore Store { get; }

    /// <summary>The silos that were started, in that order, dead ones too.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>The way in.</summary>
    public ClusterClient Client => _client ?? throw new InvalidOperationException("The cluster has no client yet.");

    /// <summary>Starts a silo and does not wait for it.</summary>
    public SiloProcess Launch(string label, string roles, params string[] options)
    {
        var silo = SiloProcess.Start(
            _program, label, Path.Combine(_logs, $"{_silos.Count}-{label}.log"), ["--store", _address, "--cluster", Id, "--roles", roles, .. _common, .. options]);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Waits until all silos that were started have joined, and connects a client.</summary>
    public async Task ReadyAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(_silos.Where(silo => !silo.HasEnded || !silo.Ready.IsCompletedSuccessfully).Select(silo => silo.Ready)).WaitAsync(Patience, cancellation);
        _client ??= await ClusterClient.ConnectAsync(Store, Id, cancellation);
    }

    /// <summary>The newest silo of that label.</summary>
    public SiloProcess Silo(string label) => _silos.Last(silo => silo.Label == label);

    /// <summary>Whether a silo of that full name is up.</summary>
    public bool IsUp(string name) => _silos.Any(silo => !silo.HasEnded && silo.Ready.IsCompletedSuccessfully && silo.Ready.Result == name);

    /// <summary>Where a run stands; asked again while its owner moves.</summary>
    public Task<RunStatus> StatusAsync(string run, CancellationToken cancellation) => Client.AskAsync(run, grain => grain.StatusAsync(), Patience, cancellation);

    /// <summary>Who is who in a run.</summary>
    public async Task<RunView> ViewAsync(string run, CancellationToken cancellation)
    {
        while (true)
        {
            if (await Client.AskAsync<RunView?>(run, grain => grain.ViewAsync(), Patience, cancellation) is { } view) return view;
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>The silo where somebody of a run lives at the moment.</summary>
    public async Task<SiloProcess> FindAsync(string run, Victim victim, CancellationToken cancellation)
    {
        var up = _silos.Where(silo => !silo.HasEnded).ToList();
        if (victim == Victim.First) return up[0];
        // The run grain says where it is only in its silo's log; the newest view is its own.
        if (victim == Victim.Run) return up.MaxBy(silo => NewestView(silo, run))!;

        var view = await ViewAsync(run, cancellation);
        var name = GrainKeys.Parse(victim switch
        {
            Victim.Encoder => view.Encoders[0],
            Victim.Key => view.MomentumEncoders[0],
            Victim.Negatives => view.NegativeShards[0],
            _ => view.ParameterShards[0],
        }).Silo;
        foreach (var silo in up)
        {
            if (await silo.Ready == name) return silo;
        }

        throw new InvalidOperationException($"Silo '{name}' of run '{run}' is not up.");
    }

    /// <summary>The end of every silo's log.</summary>
    public string Logs() => string.Join('\n', _silos.Select(silo => $"---- {silo.Label} ({(silo.HasEnded ? $"ended with {silo.ExitCode}" : "up")})\n{silo.Tail}"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        foreach (var silo in _silos) await silo.DisposeAsync();
    }

    private static long NewestView(SiloProcess silo, string run)
    {
        const string Mark = ": view ";
        using var file = new StreamReader(new FileStream(silo.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var newest = -1L;
        while (file.ReadLine() is { } line)
        {
            if (line.Contains($"Run {run}", StringComparison.Ordinal) && line.IndexOf(Mark, StringComparison.Ordinal) is > 0 and var at
                && long.TryParse(line[(at + Mark.Length)..].Split(' ')[0], out var number)) newest = Math.Max(newest, number);
        }

        return newest;
    }
}
