using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Who may connect.</summary>
public sealed class AdmissionTests
{
    [Fact]
    public async Task A_client_of_another_cluster_is_refused_and_told_why()
    {
        await using var cluster = await OfflineCluster.StartAsync(1);
        var refused = await Assert.ThrowsAsync<ConnectionFailedException>(() => cluster.ConnectAsync(client =>
            client.Configure<ClusterOptions>(options => options.ClusterId = "foreign")));
        Assert.Contains("\"foreign\"", refused.Message);
        Assert.Contains($"\"{cluster.Id}\"", refused.Message);
    }

    [Fact]
    public async Task A_silo_of_another_cluster_is_refused_and_told_why()
    {
        await using var cluster = await OfflineCluster.StartAsync(1);
        await using var other = new OfflineCluster();
        var stranger = await other.AddAsync("stranger");
        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(() => Send(stranger, cluster.Nodes[0].Address));
        Assert.Contains(cluster.Id, refused.Message);
        Assert.Contains(other.Id, refused.Message);
    }

    [Fact]
    public async Task An_earlier_generation_of_a_silo_is_not_there_any_more()
    {
        await using var cluster = await OfflineCluster.StartAsync(2);
        var there = cluster.Nodes[1].Address;
        var earlier = SiloAddress.New(there.Endpoint, there.Generation - 100);
        var failure = await Assert.ThrowsAnyAsync<OrleansException>(() => Send(cluster.Nodes[0], earlier));
        Assert.IsType<SiloUnavailableException>(failure);
    }

    [Theory]
    [InlineData("secret", "secret", true)]
    [InlineData("secret", "guess", false)]
    [InlineData("secret", "", false)]
    public async Task Only_those_who_know_the_secret_enter(string ours, string theirs, bool enters)
    {
        await using var cluster = new OfflineCluster();
        await cluster.AddAsync("a", silo => silo.Configure<NetworkSecurityOptions>(options => options.SharedSecret = ours));
        var connecting = cluster.ConnectAsync(client =>
        {
            client.Configure<NetworkSecurityOptions>(options => options.SharedSecret = theirs);
            client.Services.AddSingleton<IClientConnectionRetryFilter, OneAttempt>();
        });
        if (enters)
        {
            Assert.Equal("a", await (await connecting).GetGrain<IHomeGrain>("k").WhereAsync());
        }
        else
        {
            var refused = await Assert.ThrowsAsync<ConnectionFailedException>(() => connecting);
            Assert.Contains("secret", refused.Message);
        }
    }

    [Fact]
    public async Task Silos_and_clients_talk_within_tls()
    {
        using var certificate = NewCertificate();
        void Secure(NetworkSecurityOptions options)
        {
            options.Certificate = certificate;
            options.TargetHost = "silo";
            options.RequireClientCertificate = true;
            options.RemoteCertificateValidation = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString();
        }

        await using var cluster = new OfflineCluster();
        foreach (var name in new[] { "a", "b" })
        {
            await cluster.AddAsync(name, silo =>
            {
                silo.Configure<NetworkSecurityOptions>(Secure);
                // The first handshake compiles the whole of TLS, which takes its time on a busy machine.
                silo.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = OfflineCluster.Patience);
                silo.Configure<ClusterMembershipOptions>(options => options.ProbeTimeout = OfflineCluster.Patience);
            });
        }

        await cluster.MeetAsync();
        await cluster.Nodes[1].Grains.GetGrain<IHomeGrain>("k").WhereAsync();
        var client = await cluster.ConnectAsync(it =>
        {
            it.Configure<NetworkSecurityOptions>(Secure);
            it.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = OfflineCluster.Patience);
        });
        var bytes = RandomNumberGenerator.GetBytes(3 << 20);
        Assert.Equal(bytes, await client.GetGrain<IHomeGrain>("k").EchoAsync(bytes));
        Assert.Equal(bytes, await cluster.Nodes[0].Grains.GetGrain<IHomeGrain>("k").EchoAsync(bytes));

        // One without TLS gets nowhere.
        await Assert.ThrowsAsync<ConnectionFailedException>(() => cluster.ConnectAsync(
            it => it.Services.AddSingleton<IClientConnectionRetryFilter, OneAttempt>()));
    }

    [Fact]
    public async Task One_that_says_nothing_or_nonsense_is_shown_the_door()
    {
        await using var cluster = new OfflineCluster();
        var node = await cluster.AddAsync("a", silo => silo.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = TimeSpan.FromSeconds(1)));
        foreach (var said in new[] { [], "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [0xFF, 0xFF, 0xFF, 0x7F], new byte[5000] })
        {
            foreach (var port in node.Ports[..2])
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
                await socket.SendAsync(said, TestContext.Current.CancellationToken);
                var closed = Task.Run(() => IsClosedAsync(socket), TestContext.Current.CancellationToken);
                Assert.True(await closed.WaitAsync(OfflineCluster.Patience, TestContext.Current.CancellationToken));
            }
        }

        Assert.Equal("a", await (await cluster.ConnectAsync()).GetGrain<IHomeGrain>("k").WhereAsync());
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[64]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    // Any call will do: it is the way that is refused.
    private static Task Send(Node from, SiloAddress to)
    {
        var grain = GrainId.Create("home", Guid.NewGuid().ToString("N"));
        var call = new TaskCompletionSource();
        from.Silo.Peers.For(to).Send(new Message(grain, null, new Nothing(), MessageOptions.None) { ReplyTo = new Reply(call) });
        return call.Task;
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class Reply(TaskCompletionSource call) : IReplyTo
    {
        public void Complete(Request request) => call.TrySetResult();

        public void Fail(Exception exception) => call.TrySetException(exception);
    }
}

/// <summary>Does not try again.</summary>
internal sealed class OneAttempt : IClientConnectionRetryFilter
{
    public Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken) => Task.FromResult(false);
}
