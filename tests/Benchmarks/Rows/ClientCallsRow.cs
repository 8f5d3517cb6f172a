using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using OrleansContrastive.Benchmarks.Silos;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Calls per second of a client (this process) to the grains of a silo process, so many at a time.</summary>
internal sealed class ClientCallsRow(int inFlight) : IContestant
{
    private const int CallsEach = 5000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("contrastive-bench-");
    private BenchNode? _node;
    private IHost? _client;
    private IAnswerGrain[] _grains = [];

    public async Task PrepareAsync(CancellationToken ct)
    {
        _node = await BenchNode.StartAsync(_folder.FullName, ct);
        _client = await BenchNode.ConnectAsync(_folder.FullName, ct);
        var grains = _client.Services.GetRequiredService<IClusterClient>();
        _grains = [.. Enumerable.Range(0, inFlight).Select(index => grains.GetGrain<IAnswerGrain>($"answering-{index}"))];
        for (var round = 0; round < 2; round++) await MeasureAsync(ct);
    }

    public async Task<double> MeasureAsync(CancellationToken ct)
    {
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(_grains.Select(grain => Task.Run(async () =>
        {
            for (var call = 0; call < CallsEach; call++) await grain.EchoAsync(call);
        }, ct)));
        return _grains.Length * (double)CallsEach / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.StopAsync();
        _client?.Dispose();
        if (_node is not null) await _node.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
