using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;

namespace OrleansContrastive.Benchmarks.Silos;

/// <summary>Two silos in processes of their own, a calling grain on one and an answering grain on the other.</summary>
internal sealed class SiloPair : IAsyncDisposable
{
    private const int MostKeys = 200;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("contrastive-bench-");
    private readonly List<BenchNode> _nodes = [];
    private IHost? _client;

    /// <summary>Calls from one silo…</summary>
    public ICallerGrain Caller { get; private set; } = null!;

    /// <summary>…this grain on the other.</summary>
    public string Answering { get; private set; } = "";

    public async Task StartAsync(CancellationToken ct)
    {
        for (var node = 0; node < 2; node++) _nodes.Add(await BenchNode.StartAsync(_folder.FullName, ct));
        _client = await BenchNode.ConnectAsync(_folder.FullName, ct);
        var grains = _client.Services.GetRequiredService<IClusterClient>();
        Caller = grains.GetGrain<ICallerGrain>("caller");
        var here = await Caller.WhereAsync();
        // A grain begins where its first call enters the cluster, so one of a few keys is on the other silo.
        for (var key = 0; key < MostKeys; key++)
        {
            Answering = $"answering-{key}";
            if (await grains.GetGrain<IAnswerGrain>(Answering).WhereAsync() != here) return;
            await Task.Delay(20, ct);
        }

        throw new InvalidOperationException($"All of {MostKeys} grains began on the same silo.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.StopAsync();
        _client?.Dispose();
        foreach (var node in _nodes) await node.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
