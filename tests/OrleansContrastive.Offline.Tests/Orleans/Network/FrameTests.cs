using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Networking;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Frames that are too large, cut off or spoilt, on real sockets.</summary>
[Collection(nameof(MemoryTests))]
public sealed class FrameTests
{
    [Fact]
    public async Task What_is_over_the_limit_is_refused_where_it_is_sent_and_the_connection_stays()
    {
        await using var cluster = new OfflineCluster();
        foreach (var name in new[] { "a", "b" })
            await cluster.AddAsync(name, silo => silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = 1 << 20));
        await cluster.MeetAsync();
        await cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("k").WhereAsync();
        var grain = cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("k");
        Assert.Equal("b", await grain.WhereAsync());
        var connection = cluster.Nodes[0].Silo.Peers.For(cluster.Nodes[1].Address).Connection;

        var refused = await Assert.ThrowsAsync<InvalidMessageFrameException>(() => grain.EchoAsync(new byte[2 << 20]));
        Assert.Contains(nameof(MessagingOptions.MaxMessageBodySize), refused.Message);
        Assert.Equal(new byte[1 << 19], await grain.EchoAsync(new byte[1 << 19]));
        Assert.Same(connection, cluster.Nodes[0].Silo.Peers.For(cluster.Nodes[1].Address).Connection);
    }

    [Fact]
    public async Task A_frame_over_the_limit_ends_the_connection_it_came_by()
    {
        await using var cluster = new OfflineCluster();
        await cluster.AddAsync("a", silo => silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = 1 << 20));
        var client = await cluster.ConnectAsync();
        // The client may send what the silo may not: its frame is refused there, with the connection.
        var failure = await Assert.ThrowsAnyAsync<OrleansException>(() => client.GetGrain<IHomeGrain>("k").EchoAsync(new byte[2 << 20]));
        Assert.IsType<SiloUnavailableException>(failure);
        Assert.Equal("a", await OfflineCluster.PassingAsync(() => client.GetGrain<IHomeGrain>("k").WhereAsync()));
    }

    [Fact]
    public async Task A_connection_that_is_cut_fails_its_calls_and_is_opened_again()
    {
        await using var cluster = await OfflineCluster.StartAsync(2, isProxied: true);
        var gate = HomeGrain.Gates["cut"] = (new(), new());
        await cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("cut").WhereAsync();
        var grain = cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("cut");
        var held = grain.HoldAsync();
        await gate.Entered.Task.WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken);
        cluster.Nodes[1].Proxy!.Cut();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => held.WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken));
        gate.Released.SetResult();
        Assert.Equal("n1", await OfflineCluster.PassingAsync(grain.WhereAsync));
        Assert.Equal(2, cluster.Nodes[0].Silo.Membership.View.Active.Count);
    }

    [Fact]
    public async Task Spoilt_bytes_break_connections_and_nothing_else()
    {
        // A peer whose every probe is spoilt may well be voted dead; here it is the connections that are looked at.
        await using var cluster = await OfflineCluster.StartAsync(
            2, isProxied: true, silo => silo.Configure<ClusterMembershipOptions>(options => options.LivenessEnabled = false));
        var random = new Random(11);
        var spoilt = 0;
        await cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("spoilt").WhereAsync();
        var grain = cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("spoilt");
        Assert.Equal("n1", await grain.WhereAsync());
        cluster.Nodes[1].Proxy!.Spoil = (bytes, count) =>
        {
            if (random.Next(10) != 0) return;
            bytes[random.Next(count)] ^= (byte)(1 + random.Next(255));
            Interlocked.Increment(ref spoilt);
        };
        // Every outcome is allowed but a hang: a spoilt byte may well be one of the text.
        for (var call = 0; call < 500; call++)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            var outcome = grain.EchoAsync(new byte[random.Next(3000)]);
            await Task.WhenAny(outcome, Task.Delay(Timeout.Infinite, patience.Token));
        }

        cluster.Nodes[1].Proxy!.Spoil = null;
        cluster.Nodes[1].Proxy!.Cut();
        Assert.True(spoilt > 10, $"only {spoilt} parts were spoilt");
        Assert.True((await OfflineCluster.PassingAsync(grain.WhereAsync)).Length > 0);
    }

    [Fact]
    public async Task Ten_thousand_mutated_frames_do_no_harm()
    {
        await using var cluster = new OfflineCluster();
        var node = await cluster.AddAsync("a");
        var client = await cluster.ConnectAsync();
        Assert.Equal("a", await client.GetGrain<IHomeGrain>("k").WhereAsync());
        var random = new Random(5);
        var sent = 0;
        var before = GC.GetTotalMemory(true);
        while (sent < 10_000)
        {
            // A proper handshake; what follows is not proper.
            var hello = new Hello(cluster.Id, cluster.Id, SiloAddress.New(IPAddress.Loopback, 0, -1 - sent), null);
            using var transport = new SocketTransport(await SocketTransport.ConnectAsync(
                new IPEndPoint(IPAddress.Loopback, node.GatewayPort), TestContext.Current.CancellationToken));
            await Handshake.ConnectAsync(transport, hello, [], "", TestContext.Current.CancellationToken);
            try
            {
                for (var frame = 0; frame < 100; frame++, sent++)
                    await transport.SendAsync(Mutate(random, ProperFrame(node, frame)), TestContext.Current.CancellationToken);
            }
            catch (SocketException)
            {
                // The silo had enough of it.
                sent++;
            }
        }

        Assert.Equal("a", await client.GetGrain<IHomeGrain>("k").WhereAsync());
        var grown = GC.GetTotalMemory(true) - before;
        Assert.True(grown < 64 << 20, $"{grown} bytes more are in use");
    }

    private static byte[] ProperFrame(Node node, int number)
    {
        using var frame = new FrameWriter();
        if (number % 3 == 0)
        {
            Envelope.WriteStart(frame, FrameKind.System, number);
            frame.WriteByte((byte)(number % 12));
            frame.WriteUInt32((uint)number);
        }
        else
        {
            var method = GrainMethod.Of(typeof(IHomeGrain).GetMethod(number % 2 == 0 ? nameof(IHomeGrain.WhereAsync) : nameof(IHomeGrain.EchoAsync))!);
            Request request = method is GrainMethod<ValueTuple<byte[]>, byte[]> echo
                ? new Request<ValueTuple<byte[]>, byte[]>(echo, new ValueTuple<byte[]>(new byte[2000]))
                : new Request<NoArguments, string>((GrainMethod<NoArguments, string>)method, default);
            Envelope.Write(frame, number, new Message(GrainId.Create("home", $"m{number}"), null, request, MessageOptions.None));
            node.Host.Services.GetRequiredService<MessageCodec>().EncodeRequest(request, frame);
        }

        return [.. frame.Segments.SelectMany(segment => segment.ToArray())];
    }

    private static byte[] Mutate(Random random, byte[] frame)
    {
        for (var change = random.Next(4); change > 0; change--) frame[random.Next(frame.Length)] = (byte)random.Next(256);
        return random.Next(20) == 0 ? frame[..random.Next(frame.Length)] : frame;
    }
}
