using System.Net;
using System.Net.Sockets;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Ports that nobody listens on at the moment.</summary>
/// <remarks>
/// Between choosing and listening a silo looks around for a second or more. The system would meanwhile give the same ports to whoever
/// asks it for any, so these lie below its own, and processes that start side by side begin to look at places of their own.
/// </remarks>
internal static class FreePorts
{
    private const int Lowest = 12_000;
    private const int Count = 18_000;

    // Ports that a process takes in one go.
    private const int Stride = 16;

    private static int _taken;

    /// <summary>Two different ones; a port given as other than 0 stays.</summary>
    /// <exception cref="SocketException">There is no free port, or the address is not of this machine.</exception>
    public static (int First, int Second) Choose(IPAddress address, int first = 0, int second = 0) =>
        (first == 0 ? Next(address) : first, second == 0 ? Next(address) : second);

    private static int Next(IPAddress address)
    {
        for (var tried = 1; ; tried++)
        {
            var port = Lowest + (int)((((long)Environment.ProcessId * Stride) + Interlocked.Increment(ref _taken)) % Count);
            try
            {
                using var listener = new TcpListener(address, port);
                listener.Start();
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied && tried < Count)
            {
                // Somebody's; the next one may be free.
            }
        }
    }
}
