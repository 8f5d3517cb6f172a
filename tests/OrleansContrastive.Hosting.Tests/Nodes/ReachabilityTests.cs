using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Tests.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Hosting.Tests.Nodes;

/// <summary>A silo behind an ingress: the way in opens only some time after its port does, and probes come before silos.</summary>
public sealed class ReachabilityTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_asked_again_until_the_way_in_is_open()
    {
        var ports = LoopbackPorts.Take(2);
        await JoinAsync("first");
        var (joining, first) = (New("joining", ports[0], ports[1], TimeSpan.FromMinutes(2)), New("first", ports[0], ports[0], TimeSpan.FromSeconds(1)));
        var asking = joining.AskAsync(Token);

        // Once in vain: nothing leads to the silo yet, and all that comes is a probe that hangs up.
        var tried = new HashSet<string>();
        await UntilAsync(() => first.TryOthersAsync(tried, Token), () => tried.Count == 1);
        await HangUpAsync(ports[1]);
        using var ingress = new TcpListener(IPAddress.Loopback, ports[0]);
        ingress.Start();
        var forwarding = ForwardAsync(ingress, ports[1]);
        await UntilAsync(() => first.TryOthersAsync(tried, Token), () => asking.IsCompleted);

        Assert.Equal($"127.0.0.1:{ports[0]} reached by first", await asking);
        Assert.True(tried.Count > 1);
        ingress.Stop();
        await forwarding;
        Assert.Empty(await _folder.Open().ListAsync($"clusters/{ObjectKey.Segment("test/cluster")}/reach/", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task It_gives_up_with_what_the_others_found_when_the_time_is_over()
    {
        var ports = LoopbackPorts.Take(2);
        await JoinAsync("first");
        var asking = New("joining", ports[0], ports[1], TimeSpan.FromMilliseconds(1)).AskAsync(Token);
        var (first, tried) = (New("first", ports[0], ports[0], TimeSpan.FromSeconds(1)), new HashSet<string>());
        await UntilAsync(() => first.TryOthersAsync(tried, Token), () => asking.IsCompleted);

        var failure = await Assert.ThrowsAsync<SelfTestException>(() => asking);
        Assert.Contains($"cannot reach this one at 127.0.0.1:{ports[0]}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("first: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Endpoints:ReachableWithin", failure.Message, StringComparison.Ordinal);
    }

    private Reachability New(string name, int advertised, int listening, TimeSpan within) => new(
        _folder.Open(), Table(), new SiloIdentity(name, WorkerRoles.All), StoreFolder.Cluster,
        Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback, SiloPort = advertised, SiloListeningEndpoint = new(IPAddress.Loopback, listening) }),
        within, TimeProvider.System);

    private StoreMembershipTable Table() => new(_folder.Open(), StoreFolder.Cluster);

    private async Task JoinAsync(string name)
    {
        var table = Table();
        await table.InitializeMembershipTable(true);
        var version = (await table.ReadAll()).Version;
        var entry = new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 1, 1),
            SiloName = name,
            HostName = "here",
            Status = SiloStatus.Active,
            StartTime = DateTime.UtcNow,
            IAmAliveTime = DateTime.UtcNow,
        };
        Assert.True(await table.InsertRow(entry, version.Next()));
    }

    private static async Task UntilAsync(Func<Task> look, Func<bool> done)
    {
        while (!done())
        {
            await look();
            await Task.Delay(20, Token);
        }
    }

    /// <summary>As a probe that is hard pressed: a connection that is reset.</summary>
    private static async Task HangUpAsync(int port)
    {
        using var probe = new TcpClient { LingerState = new(true, 0) };
        await probe.ConnectAsync(IPAddress.Loopback, port, Token);
    }

    private static async Task ForwardAsync(TcpListener ingress, int port)
    {
        try
        {
            while (true)
            {
                using var visitor = await ingress.AcceptTcpClientAsync(Token);
                using var silo = new TcpClient();
                await silo.ConnectAsync(IPAddress.Loopback, port, Token);
                await silo.GetStream().CopyToAsync(visitor.GetStream(), Token);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
