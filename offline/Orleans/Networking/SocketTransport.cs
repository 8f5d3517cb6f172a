using System.Net;
using System.Net.Sockets;

namespace Orleans.Networking;

/// <summary>
/// A plain TCP connection that blocks the threads which use it. There are few connections, so each can have its own threads; that
/// saves the way by the event queue and the thread pool that asynchronous sockets take for every part of a block. Payloads go from
/// the caller's memory to the kernel and from the kernel into their own array, without a pipe between.
/// </summary>
internal sealed class SocketTransport(Socket socket) : ITransport
{
    public string Remote { get; } = socket.RemoteEndPoint?.ToString() ?? "nobody";

    public bool CanSendNow => socket.Poll(0, SelectMode.SelectWrite);

    /// <summary>Connects, on a thread of its own: a socket that was once used asynchronously never blocks again.</summary>
    /// <exception cref="SocketException">Nobody listens there, or cannot be reached.</exception>
    public static async Task<Socket> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static it => ((Socket)it!).Dispose(), socket);
            await BlockingThread.RunAsync(() => socket.Connect(endpoint)).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var span = bytes.Span; span.Length > 0;) span = span[socket.Send(span)..];
        return ValueTask.CompletedTask;
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => new(socket.Receive(buffer.Span));

    /// <summary>Also wakes the threads that wait in it.</summary>
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
