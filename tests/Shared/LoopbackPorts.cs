using System.Net;
using System.Net.Sockets;

namespace OrleansContrastive.Tests.Shared;

/// <summary>Ports of this machine that nobody listens on at the moment.</summary>
internal static class LoopbackPorts
{
    // Below those that the system gives to whoever asks for any, and above those that silos choose for themselves.
    private const int Lowest = 30_100;
    private const int Count = 2_600;

    // Processes of tests that run side by side begin at places of their own.
    private const int Stride = 64;

    private static int _taken;

    /// <summary>So many different ones.</summary>
    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private static int Next()
    {
        while (true)
        {
            var port = Lowest + (int)((((long)Environment.ProcessId * Stride) + Interlocked.Increment(ref _taken)) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody's; the next one may be free.
            }
        }
    }
}
