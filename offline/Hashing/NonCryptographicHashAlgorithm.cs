namespace System.IO.Hashing;

/// <summary>
/// The base of hash functions without a claim to security: all of the package that the Azure Storage client derives from.
/// </summary>
public abstract class NonCryptographicHashAlgorithm
{
    /// <summary>Creates a function whose hashes have so many bytes.</summary>
    protected NonCryptographicHashAlgorithm(int hashLengthInBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashLengthInBytes, 1);
        HashLengthInBytes = hashLengthInBytes;
    }

    /// <summary>Bytes of a hash.</summary>
    public int HashLengthInBytes { get; }

    /// <summary>Takes more content in.</summary>
    public abstract void Append(ReadOnlySpan<byte> source);

    /// <summary>Forgets all content.</summary>
    public abstract void Reset();

    /// <summary>Takes more content in.</summary>
    public void Append(byte[] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Append(source.AsSpan());
    }

    /// <summary>The hash of all content so far.</summary>
    public byte[] GetCurrentHash()
    {
        var hash = new byte[HashLengthInBytes];
        GetCurrentHashCore(hash);
        return hash;
    }

    /// <summary>Writes the hash of all content so far and returns its length.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int GetCurrentHash(Span<byte> destination)
    {
        if (destination.Length < HashLengthInBytes)
            throw new ArgumentException($"A hash has {HashLengthInBytes} bytes; the destination has {destination.Length}.", nameof(destination));
        GetCurrentHashCore(destination[..HashLengthInBytes]);
        return HashLengthInBytes;
    }

    /// <summary>The hash of all content so far, which is then forgotten.</summary>
    public byte[] GetHashAndReset()
    {
        var hash = new byte[HashLengthInBytes];
        GetHashAndResetCore(hash);
        return hash;
    }

    /// <summary>Writes the hash into a destination of exactly its length.</summary>
    protected abstract void GetCurrentHashCore(Span<byte> destination);

    /// <summary>The same, and forgets all content.</summary>
    protected virtual void GetHashAndResetCore(Span<byte> destination)
    {
        GetCurrentHashCore(destination);
        Reset();
    }
}
