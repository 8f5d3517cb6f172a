using System.Net.Security;
using System.Net.Sockets;
using Orleans.Configuration;

namespace Orleans.Networking;

/// <summary>The same connection within TLS.</summary>
internal sealed class TlsTransport : ITransport
{
    private readonly SslStream _stream;

    private TlsTransport(SslStream stream, string remote) => (_stream, Remote) = (stream, remote);

    public string Remote { get; }

    public static Task<ITransport> ConnectAsync(Socket socket, NetworkSecurityOptions security, CancellationToken cancellationToken) =>
        StartAsync(socket, stream => stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = security.TargetHost ?? "",
                ClientCertificates = [security.Certificate!],
                RemoteCertificateValidationCallback = security.RemoteCertificateValidation,
            },
            cancellationToken));

    public static Task<ITransport> AcceptAsync(Socket socket, NetworkSecurityOptions security, CancellationToken cancellationToken) =>
        StartAsync(socket, stream => stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = security.Certificate,
                ClientCertificateRequired = security.RequireClientCertificate,
                RemoteCertificateValidationCallback = security.RemoteCertificateValidation,
            },
            cancellationToken));

    // It waits without a thread.
    public bool CanSendNow => true;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _stream.WriteAsync(bytes, cancellationToken);

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _stream.ReadAsync(buffer, cancellationToken);

    public void Dispose() => _stream.Dispose();

    private static async Task<ITransport> StartAsync(Socket socket, Func<SslStream, Task> authenticate)
    {
        var remote = socket.RemoteEndPoint?.ToString() ?? "nobody";
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await authenticate(stream).ConfigureAwait(false);
            return new TlsTransport(stream, remote);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
