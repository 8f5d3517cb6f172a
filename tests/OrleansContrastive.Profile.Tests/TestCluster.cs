using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Profile.Tests;

/// <summary>Several silos of one cluster, each in a host of its own in this process; they meet by one membership table and their sockets.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly string _id = $"test-{Guid.NewGuid():N}";
    private readonly TableInMemory _table = new();
    private readonly List<ClusterSilo> _silos = [];
    private readonly List<IHost> _clients = [];

    public IReadOnlyList<ClusterSilo> Silos => _silos;

    /// <summary>Starts silos of these names, one after the other, and waits until all know each other.</summary>
    public static async Task<TestCluster> StartAsync(params string[] names)
    {
        var cluster = new TestCluster();
        foreach (var name in names) await cluster.AddAsync(name);
        await cluster.MeetAsync();
        return cluster;
    }

    public async Task<ClusterSilo> AddAsync(string name, Action<ISiloBuilder>? configure = null)
    {
        var ports = LoopbackPorts.Take(2);
        var host = TestSilo.Build(builder => builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (_id, _id));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.ConfigureEndpoints(IPAddress.Loopback, ports[0], ports[1]);
            silo.Services.AddSingleton<IMembershipTable>(_table);
            silo.AddMemoryGrainStorageAsDefault();
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = Probe.Patience);
            configure?.Invoke(silo);
        }));
        await host.StartAsync(CancellationToken.None);
        var added = new ClusterSilo(name, host, ports[1]);
        _silos.Add(added);
        return added;
    }

    /// <summary>Waits until each silo calls a grain of each other one, so that all know all.</summary>
    public async Task MeetAsync()
    {
        foreach (var from in _silos.Where(silo => !silo.IsStopped))
        {
            foreach (var to in _silos.Where(silo => !silo.IsStopped))
            {
                var met = from.Grains.GetGrain<IPlaceGrain>($"{to.Name}/{Guid.NewGuid():N}");
                await to.Grains.GetGrain<IPlaceGrain>(met.GetPrimaryKeyString()).WhereAsync();
                await Until.HoldsAsync(async () => await PassingAsync(() => met.WhereAsync()) == to.Name, $"{from.Name} reaches {to.Name}");
            }
        }
    }

    /// <summary>A client that knows all gateways.</summary>
    public async Task<IClusterClient> ConnectAsync(Action<IClientBuilder>? configure = null)
    {
        var host = TestSilo.Build(builder => builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (_id, _id));
            client.UseStaticClustering([.. _silos.Select(silo => new IPEndPoint(IPAddress.Loopback, silo.GatewayPort))]);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = Probe.Patience);
            configure?.Invoke(client);
        }));
        _clients.Add(host);
        await host.StartAsync(CancellationToken.None);
        return host.Services.GetRequiredService<IClusterClient>();
    }

    /// <summary>Calls again while the call fails as calls do while a silo comes or goes.</summary>
    public static async Task<T> PassingAsync<T>(Func<Task<T>> call)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception failure) when (clock.Elapsed < Probe.Patience && IsPassing(failure))
            {
                await Task.Delay(20);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.StopAsync();
            client.Dispose();
        }

        await Task.WhenAll(_silos.Select(silo => silo.StopAsync()));
        foreach (var silo in _silos) silo.Dispose();
    }

    private static bool IsPassing(Exception failure) => failure is OrleansException or TimeoutException
        || (failure is ArgumentException && failure.Message.Contains("placement", StringComparison.OrdinalIgnoreCase));
}

/// <summary>One silo of a <see cref="TestCluster"/>.</summary>
public sealed class ClusterSilo(string name, IHost host, int gatewayPort) : IDisposable
{
    private Task? _stop;

    public string Name => name;

    public IHost Host => host;

    public int GatewayPort => gatewayPort;

    public bool IsStopped => _stop is not null;

    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    public SiloAddress Address => host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public Task StopAsync() => _stop ??= host.StopAsync(CancellationToken.None);

    public void Dispose() => host.Dispose();
}
