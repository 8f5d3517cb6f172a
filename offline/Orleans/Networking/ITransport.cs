namespace Orleans.Networking;

/// <summary>A stream of bytes to another process. One reader and one writer at a time.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>The other end, for people.</summary>
    string Remote { get; }

    /// <summary>Whether a little can be sent at once, without waiting for the other end.</summary>
    bool CanSendNow { get; }

    /// <summary>Sends all of the bytes, straight from this memory. May block the thread.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Receives at least one byte into this memory; 0 where the other end closed. May block the thread.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}

internal static class TransportExtensions
{
    /// <summary>Fills the buffer.</summary>
    /// <exception cref="EndOfStreamException">The other end closed before that.</exception>
    public static async ValueTask ReceiveAllAsync(this ITransport transport, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (buffer.Length > 0)
        {
            var count = await transport.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0) throw new EndOfStreamException($"{transport.Remote} closed the connection.");
            buffer = buffer[count..];
        }
    }
}
