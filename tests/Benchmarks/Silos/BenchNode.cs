using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Benchmarks.Silos;

/// <summary>A silo in a process of its own: this program, started again with <see cref="Command"/>.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    /// <summary>The first argument that makes this program a silo.</summary>
    public const string Command = "node";

    private readonly Process _process;

    private BenchNode(Process process, int gatewayPort) => (_process, GatewayPort) = (process, gatewayPort);

    public int GatewayPort { get; }

    /// <summary>Starts a silo and waits until it serves.</summary>
    public static async Task<BenchNode> StartAsync(string store, CancellationToken ct)
    {
        var ports = LoopbackPorts.Take(2);
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Command, store, $"{ports[0]}", $"{ports[1]}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var node = new BenchNode(process, ports[1]);
        if (await process.StandardOutput.ReadLineAsync(ct) == "ready") return node;
        await node.DisposeAsync();
        throw new InvalidOperationException("A silo of the benchmark did not start; see above.");
    }

    /// <summary>Is a silo until standard input ends.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var host = Build(builder => builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("bench", "bench"));
            silo.ConfigureEndpoints(IPAddress.Loopback, int.Parse(arguments[1]), int.Parse(arguments[2]));
            silo.UseStoreClustering(new FolderStore(arguments[0]));
        }));
        await host.StartAsync();
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
        return 0;
    }

    /// <summary>A client of the silos that keep their table in a folder.</summary>
    public static async Task<IHost> ConnectAsync(string store, CancellationToken ct)
    {
        var host = Build(builder => builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("bench", "bench"));
            client.UseStoreClustering(new FolderStore(store));
        }));
        await host.StartAsync(ct);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static IHost Build(Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        configure(builder);
        return builder.Build();
    }
}
