using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Membership;
using Orleans.Networking;
using Orleans.Runtime;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Several silos of the stand-in in this process that meet by one membership table, each perhaps behind a proxy.</summary>
internal sealed class OfflineCluster : IAsyncDisposable
{
    /// <summary>No test waits longer for anything, on the busiest machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly List<Node> _nodes = [];
    private readonly List<IHost> _clients = [];

    public string Id { get; } = $"test-{Guid.NewGuid():N}";

    public IMembershipTable Table { get; } = new InMemoryMembershipTable();

    public IReadOnlyList<Node> Nodes => _nodes;

    public static async Task<OfflineCluster> StartAsync(int count, bool isProxied = false, Action<ISiloBuilder>? configure = null)
    {
        var cluster = new OfflineCluster();
        for (var index = 0; index < count; index++) await cluster.AddAsync($"n{index}", configure, isProxied);
        await cluster.MeetAsync();
        return cluster;
    }

    public async Task<Node> AddAsync(string name, Action<ISiloBuilder>? configure = null, bool isProxied = false, int[]? ports = null)
    {
        var node = Node.Create(this, name, ports ?? LoopbackPorts.Take(3), isProxied, configure);
        _nodes.Add(node);
        await node.Host.StartAsync(TestContext.Current.CancellationToken);
        return node;
    }

    /// <summary>Waits until every silo has every other one in its view, and knows its classes.</summary>
    public Task MeetAsync()
    {
        var living = _nodes.Where(node => node.IsAlive).ToArray();
        return UntilAsync(
            () => living.All(node => node.Silo.Membership.View.Active.Count == living.Length
                && living.All(other => node.Silo.Types.Knows(other.Address))),
            "all silos know each other");
    }

    public async Task<IClusterClient> ConnectAsync(Action<IClientBuilder>? configure = null)
    {
        var host = Build(builder => builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Id, Id));
            client.UseStaticClustering([.. _nodes.Where(node => node.IsAlive).Select(node => new IPEndPoint(IPAddress.Loopback, node.GatewayPort))]);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = Patience);
            configure?.Invoke(client);
        }));
        _clients.Add(host);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public static IHost Build(Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        configure(builder);
        return builder.Build();
    }

    /// <summary>Asks again until it holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Patience, $"Waited {Patience} for this: {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
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
            catch (Exception failure) when (clock.Elapsed < Patience && failure is OrleansException or TimeoutException)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.StopAsync(CancellationToken.None);
            client.Dispose();
        }

        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
    }
}

/// <summary>One silo of an <see cref="OfflineCluster"/>.</summary>
internal sealed class Node : IAsyncDisposable
{
    private Node(string name, IHost host, int[] ports, TestProxy? proxy) => (Name, Host, Ports, Proxy) = (name, host, ports, proxy);

    public string Name { get; }

    public IHost Host { get; }

    /// <summary>The silo port that others use, the gateway port, the silo port behind the proxy.</summary>
    public int[] Ports { get; }

    public int GatewayPort => Ports[1];

    public TestProxy? Proxy { get; }

    public bool IsAlive { get; private set; } = true;

    public Silo Silo => Host.Services.GetRequiredService<Silo>();

    public SiloAddress Address => Silo.Details.SiloAddress;

    public IGrainFactory Grains => Host.Services.GetRequiredService<IGrainFactory>();

    public static Node Create(OfflineCluster cluster, string name, int[] ports, bool isProxied, Action<ISiloBuilder>? configure)
    {
        var host = OfflineCluster.Build(builder => builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster.Id, cluster.Id));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.ConfigureEndpoints(IPAddress.Loopback, ports[0], ports[1]);
            if (isProxied) silo.Configure<EndpointOptions>(options => options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, ports[2]));
            silo.Services.AddSingleton(cluster.Table);
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = OfflineCluster.Patience);
            configure?.Invoke(silo);
        }));
        return new Node(name, host, ports, isProxied ? new TestProxy(ports[0], ports[2]) : null);
    }

    /// <summary>Ends the silo as SIGKILL would: its sockets close, and it says nothing to anybody.</summary>
    public void Kill()
    {
        IsAlive = false;
        Proxy?.Dispose();
        Host.Services.GetRequiredService<FailureDetector>().Dispose();
        Host.Services.GetRequiredService<ClusterMembership>().Dispose();
        Host.Services.GetRequiredService<SiloNetwork>().Dispose();
        Host.Services.GetRequiredService<Peers>().Dispose();
        Silo.Catalog.Abandon();
        Silo.Dispose();
    }

    public async Task StopAsync()
    {
        IsAlive = false;
        await Host.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (IsAlive) await StopAsync();
        Proxy?.Dispose();
        Host.Dispose();
    }
}
