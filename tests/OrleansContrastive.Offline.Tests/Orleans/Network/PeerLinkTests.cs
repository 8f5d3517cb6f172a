using System.Net;
using Orleans.Networking;
using Orleans.Runtime;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>The way to one silo.</summary>
public sealed class PeerLinkTests
{
    [Fact]
    public async Task One_who_waits_for_a_link_that_closes_hears_why()
    {
        var peer = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);
        var isOpening = new TaskCompletionSource();
        var link = new PeerLink(peer, async token =>
        {
            isOpening.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException();
        }, TimeSpan.Zero);

        var waits = link.OpenAsync();
        await isOpening.Task;
        link.Close(new SiloUnavailableException("It is dead."));

        var failure = await Assert.ThrowsAsync<SiloUnavailableException>(() => waits);
        Assert.Equal("It is dead.", failure.Message);
    }
}
