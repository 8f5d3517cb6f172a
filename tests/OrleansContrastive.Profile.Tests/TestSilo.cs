using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Profile.Tests;

/// <summary>One silo in this process, on free ports, with a storage in memory: hosted as an application would host it.</summary>
public sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;
    private int _stopped;

    private TestSilo(IHost host, int gatewayPort, string clusterId)
    {
        _host = host;
        GatewayPort = gatewayPort;
        ClusterId = clusterId;
    }

    public int GatewayPort { get; }

    public string ClusterId { get; }

    public IServiceProvider Services => _host.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public IGrainStorage Storage => Services.GetRequiredKeyedService<IGrainStorage>("Default");

    /// <summary>Calls wait long by default, since the tests run on busy machines; tests of time-outs set their own.</summary>
    public static async Task<TestSilo> StartAsync(Action<ISiloBuilder>? configure = null)
    {
        var ports = LoopbackPorts.Take(2);
        var cluster = $"test-{Guid.NewGuid():N}";
        var host = Build(builder => builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(ports[0], ports[1], null, cluster, cluster);
            silo.AddMemoryGrainStorageAsDefault();
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = Probe.Patience);
            configure?.Invoke(silo);
        }));
        await host.StartAsync(CancellationToken.None);
        return new TestSilo(host, ports[1], cluster);
    }

    /// <summary>A host without logging that does not take signals.</summary>
    public static IHost Build(Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        configure(builder);
        return builder.Build();
    }

    public Task StopAsync() => Interlocked.Exchange(ref _stopped, 1) == 0 ? _host.StopAsync(CancellationToken.None) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_host is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
        else _host.Dispose();
    }
}

/// <summary>A silo that the tests of one class share.</summary>
public sealed class SharedSilo : IAsyncLifetime
{
    private TestSilo? _silo;

    public IGrainFactory Grains => _silo!.Grains;

    public TestSilo Silo => _silo!;

    public async ValueTask InitializeAsync() => _silo = await TestSilo.StartAsync();

    public ValueTask DisposeAsync() => _silo?.DisposeAsync() ?? default;
}
