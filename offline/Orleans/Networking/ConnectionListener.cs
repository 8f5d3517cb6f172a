using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Networking;

/// <summary>Listens at one endpoint, and makes a connection of everyone who passes the handshake.</summary>
internal sealed class ConnectionListener(
    IPEndPoint endpoint, NetworkSecurityOptions security, TimeSpan handshakeTimeout, RuntimeLog log) : IDisposable
{
    private const int Backlog = 512;

    private readonly CancellationTokenSource _closing = new();
    private Socket? _socket;

    /// <exception cref="AddressInUseException">Another process, or another silo of this one, has the endpoint.</exception>
    public void Bind()
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(Backlog);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            if (exception.SocketErrorCode != SocketError.AddressAlreadyInUse) throw;
            throw new AddressInUseException($"Endpoint {endpoint} is in use by another process or another silo of this one.", exception);
        }

        _socket = socket;
    }

    /// <summary>Takes connections from now on; <paramref name="accept"/> does the handshake and what follows.</summary>
    public void Start(Func<ITransport, CancellationToken, Task> accept) => _ = AcceptAllAsync(_socket!, accept);

    public void Dispose()
    {
        _closing.Cancel();
        _socket?.Dispose();
    }

    private async Task AcceptAllAsync(Socket listening, Func<ITransport, CancellationToken, Task> accept)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var socket = await listening.AcceptAsync(_closing.Token).ConfigureAwait(false);
                _ = BlockingThread.RunAsync(() => AcceptAsync(socket, accept));
            }
            catch (SocketException exception)
            {
                // One that went away before it was accepted, or no descriptor left for a moment.
                log.AcceptFailed(exception, endpoint);
                await Task.Delay(10).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AcceptAsync(Socket socket, Func<ITransport, CancellationToken, Task> accept)
    {
        ITransport? transport = null;
        try
        {
            socket.NoDelay = true;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            limit.CancelAfter(handshakeTimeout);
            transport = security.Certificate is null
                ? new SocketTransport(socket)
                : await TlsTransport.AcceptAsync(socket, security, limit.Token).ConfigureAwait(false);
            // What blocks in the transport hears of no token.
            using var registration = limit.Token.UnsafeRegister(static it => ((ITransport)it!).Dispose(), transport);
            await accept(transport, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var remote = transport?.Remote ?? endpoint.ToString();
            // A platform's probe opens the port and hangs up, every few seconds.
            if (exception is EndOfStreamException or SocketException { SocketErrorCode: SocketError.ConnectionReset }) log.HungUp(remote);
            else if (!_closing.IsCancellationRequested) log.HandshakeFailed(exception.Message, remote);
            transport?.Dispose();
            socket.Dispose();
        }
    }
}
