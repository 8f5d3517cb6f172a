using System.Net;
using System.Net.Sockets;

namespace OrleansContrastive.Tests.Shared;

/// <summary>Ports of this machine that nobody listens on at the moment.</summary>
internal static class LoopbackPorts
{
    /// <summary>So many different ones.</summary>
    public static int[] Take(int count)
    {
        // All are held until the last is chosen, so that they differ.
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
