using System.Net;
using System.Net.Sockets;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Ports that nobody listens on at the moment.</summary>
internal static class FreePorts
{
    /// <summary>Two different ones; a port given as other than 0 stays.</summary>
    public static (int First, int Second) Choose(IPAddress address, int first = 0, int second = 0)
    {
        // Both are held while the second is chosen, so that they differ.
        using var one = first == 0 ? Listen(address) : null;
        using var other = second == 0 ? Listen(address) : null;
        return (one is null ? first : Port(one), other is null ? second : Port(other));
    }

    private static TcpListener Listen(IPAddress address)
    {
        var listener = new TcpListener(address, 0);
        listener.Start();
        return listener;
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
