using System.Net;
using System.Net.Sockets;

namespace Orleans.Networking;

/// <summary>
/// A plain TCP connection. Payloads go from the caller's memory to the kernel and from the kernel into their own array, without a
/// pipe between: a pipe would copy every byte twice more.
/// </summary>
internal sealed class SocketTransport(Socket socket) : ITransport
{
    public string Remote { get; } = socket.RemoteEndPoint?.ToString() ?? "nobody";

    /// <exception cref="SocketException">Nobody listens there, or cannot be reached.</exception>
    public static async Task<Socket> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    public void Dispose()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other end was quicker.
        }

        socket.Dispose();
    }
}
