using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Orleans.Networking;

/// <summary>Opens connections, with the handshake.</summary>
internal sealed class Dialer(IOptions<NetworkSecurityOptions> security, IOptions<ConnectionOptions> options)
{
    /// <summary>Opens a transport and introduces this host.</summary>
    /// <exception cref="HandshakeRefusedException">The other end does not want it.</exception>
    /// <exception cref="ConnectionFailedException">There is nobody, or no answer; the cause is inside.</exception>
    public async Task<(ITransport Transport, Welcome Welcome)> OpenAsync(
        IPEndPoint endpoint, Hello hello, IReadOnlyList<ClassDescription> classes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.OpenConnectionTimeout);
        ITransport? transport = null;
        try
        {
            var socket = await SocketTransport.ConnectAsync(endpoint, limit.Token).ConfigureAwait(false);
            transport = security.Value.Certificate is null
                ? new SocketTransport(socket)
                : await TlsTransport.ConnectAsync(socket, security.Value, limit.Token).ConfigureAwait(false);
            // What blocks in the transport hears of no token.
            using var registration = limit.Token.UnsafeRegister(static it => ((ITransport)it!).Dispose(), transport);
            Welcome? welcome = null;
            await BlockingThread.RunAsync(async () => welcome = await Handshake.ConnectAsync(
                transport, hello, classes, security.Value.SharedSecret, limit.Token).ConfigureAwait(false)).ConfigureAwait(false);
            return (transport, welcome!);
        }
        catch (Exception exception)
        {
            transport?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is ConnectionFailedException) throw;
            throw exception is OperationCanceledException || limit.IsCancellationRequested
                ? new ConnectionFailedException($"Could not connect to {endpoint}: no answer within {options.Value.OpenConnectionTimeout}.", exception)
                : new ConnectionFailedException($"Could not connect to {endpoint}: {exception.Message}", exception);
        }
    }
}
