using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Orleans.Networking;

/// <summary>Who connects, and to whom it believes to connect.</summary>
internal sealed record Hello(string ClusterId, string ServiceId, SiloAddress From, SiloAddress? To)
{
    /// <summary>Whether it is a client's and not a silo's.</summary>
    public bool IsClient => From.IsClient;
}

/// <summary>The silo that was reached, and the grain classes it tells of.</summary>
internal sealed record Welcome(SiloAddress Silo, IReadOnlyList<ClassDescription> Classes);

/// <summary>The other end did not want the connection; the message says why.</summary>
internal sealed class HandshakeRefusedException(Refusal refusal, string message) : ConnectionFailedException(message)
{
    public Refusal Refusal { get; } = refusal;
}

internal enum Refusal : byte
{
    None,

    /// <summary>Another cluster, service, protocol or secret.</summary>
    Foreign,

    /// <summary>Another generation of the silo serves at the endpoint.</summary>
    WrongGeneration,

    /// <summary>The one who connects is dead in the membership table.</summary>
    Dead,

    /// <summary>Not yet, or no longer.</summary>
    NotServing,
}

/// <summary>
/// The first bytes of a connection: both ends say who they are and prove that they know the shared secret, then tell each other
/// their grain classes. Nothing larger than a few KiB is read from one that has not proved it.
/// </summary>
internal static class Handshake
{
    private const uint Magic = 0x4E43524F;
    private const ushort Version = 1;
    private const int NonceLength = 16;
    private const int LongestGreeting = 4096;
    private const int LongestManifest = 4 << 20;

    /// <summary>The side that connected.</summary>
    /// <exception cref="HandshakeRefusedException">The other end refused, or is not who was expected.</exception>
    public static async Task<Welcome> ConnectAsync(
        ITransport transport, Hello hello, IReadOnlyList<ClassDescription> classes, string secret, CancellationToken cancellationToken)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceLength);
        var greeting = Write(writer =>
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(hello.ClusterId);
            writer.Write(hello.ServiceId);
            writer.Write(hello.From.ToParsableString());
            writer.Write(hello.To?.ToParsableString() ?? "");
            writer.Write(nonce);
        });
        await SendAsync(transport, greeting, cancellationToken).ConfigureAwait(false);

        var answer = await ReceiveAsync(transport, LongestGreeting, cancellationToken).ConfigureAwait(false);
        var (challenge, proof) = Read(transport, answer, reader =>
        {
            ReadRefusal(reader);
            return (reader.ReadBytes(NonceLength), reader.ReadBytes(SHA256.HashSizeInBytes));
        });
        if (!CryptographicOperations.FixedTimeEquals(proof, Prove(secret, "silo", greeting, challenge)))
            throw new HandshakeRefusedException(Refusal.Foreign, $"{transport.Remote} does not know the shared secret of this cluster.");

        await SendAsync(transport, Write(writer => writer.Write(Prove(secret, "caller", greeting, challenge))), cancellationToken).ConfigureAwait(false);
        await SendAsync(transport, Write(writer => ClassDescription.WriteAll(writer, classes)), cancellationToken).ConfigureAwait(false);

        var welcome = await ReceiveAsync(transport, LongestManifest, cancellationToken).ConfigureAwait(false);
        return Read(transport, welcome, reader =>
        {
            ReadRefusal(reader);
            return new Welcome(SiloAddress.Parse(reader.ReadString()), ClassDescription.ReadAll(reader));
        });
    }

    /// <summary>The side that was connected to.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="judge">Why the one who connects is refused; <see cref="Refusal.None"/> where it is not.</param>
    /// <param name="welcome">What it is told then.</param>
    /// <param name="secret">The shared secret.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="HandshakeRefusedException">It was refused, and told so.</exception>
    public static async Task<(Hello Hello, IReadOnlyList<ClassDescription> Classes)> AcceptAsync(
        ITransport transport, Func<Hello, (Refusal Refusal, string Reason)> judge, Func<Hello, Welcome> welcome, string secret,
        CancellationToken cancellationToken)
    {
        var greeting = await ReceiveAsync(transport, LongestGreeting, cancellationToken).ConfigureAwait(false);
        var hello = await JudgedAsync(transport, judge, greeting, cancellationToken).ConfigureAwait(false);
        var challenge = RandomNumberGenerator.GetBytes(NonceLength);
        await SendAsync(transport, Write(writer =>
        {
            writer.Write((byte)Refusal.None);
            writer.Write(challenge);
            writer.Write(Prove(secret, "silo", greeting, challenge));
        }), cancellationToken).ConfigureAwait(false);

        var proof = await ReceiveAsync(transport, LongestGreeting, cancellationToken).ConfigureAwait(false);
        if (!CryptographicOperations.FixedTimeEquals(proof.AsSpan(sizeof(int)), Prove(secret, "caller", greeting, challenge)))
        {
            throw await RefuseAsync(
                transport, Refusal.Foreign, $"{hello.From} does not know the shared secret of this cluster.", cancellationToken).ConfigureAwait(false);
        }

        var manifest = await ReceiveAsync(transport, LongestManifest, cancellationToken).ConfigureAwait(false);
        var classes = Read(transport, manifest, ClassDescription.ReadAll);
        var told = welcome(hello);
        await SendAsync(transport, Write(writer =>
        {
            writer.Write((byte)Refusal.None);
            writer.Write(told.Silo.ToParsableString());
            ClassDescription.WriteAll(writer, told.Classes);
        }), cancellationToken).ConfigureAwait(false);
        return (hello, classes);
    }

    private static async Task<Hello> JudgedAsync(
        ITransport transport, Func<Hello, (Refusal Refusal, string Reason)> judge, byte[] greeting, CancellationToken cancellationToken)
    {
        var (version, hello) = Read(transport, greeting, reader =>
        {
            if (reader.ReadUInt32() is var magic && magic != Magic)
                throw new InvalidDataException($"expected the protocol's mark {Magic:X8}, found {magic:X8}");
            var found = reader.ReadUInt16();
            var (cluster, service, from, to) = (reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString());
            if (reader.ReadBytes(NonceLength).Length < NonceLength) throw new EndOfStreamException();
            return (found, new Hello(cluster, service, SiloAddress.Parse(from), to.Length == 0 ? null : SiloAddress.Parse(to)));
        });
        var (refusal, reason) = version == Version
            ? judge(hello)
            : (Refusal.Foreign, $"Protocol version {version} is not spoken here: expected {Version}.");
        if (refusal != Refusal.None) throw await RefuseAsync(transport, refusal, reason, cancellationToken).ConfigureAwait(false);
        return hello;
    }

    private static async Task<Exception> RefuseAsync(ITransport transport, Refusal refusal, string reason, CancellationToken cancellationToken)
    {
        await SendAsync(transport, Write(writer =>
        {
            writer.Write((byte)refusal);
            writer.Write(reason);
        }), cancellationToken).ConfigureAwait(false);
        return new HandshakeRefusedException(refusal, reason);
    }

    private static void ReadRefusal(BinaryReader reader)
    {
        var refusal = (Refusal)reader.ReadByte();
        if (refusal != Refusal.None) throw new HandshakeRefusedException(refusal, reader.ReadString());
    }

    private static byte[] Prove(string secret, string side, byte[] greeting, byte[] challenge)
    {
        byte[] said = [.. Encoding.ASCII.GetBytes(side), .. challenge, .. greeting];
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), said);
    }

    private static byte[] Write(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(0);
        write(writer);
        var bytes = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - sizeof(int));
        return bytes;
    }

    private static ValueTask SendAsync(ITransport transport, byte[] message, CancellationToken cancellationToken) =>
        transport.SendAsync(message, cancellationToken);

    private static async Task<byte[]> ReceiveAsync(ITransport transport, int longest, CancellationToken cancellationToken)
    {
        var prefix = new byte[sizeof(int)];
        await transport.ReceiveAllAsync(prefix, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length < 0 || length > longest)
        {
            throw new ConnectionFailedException(
                $"{transport.Remote} does not speak the protocol of this cluster: expected a greeting of at most {longest} bytes, found {length}.");
        }

        var message = new byte[sizeof(int) + length];
        prefix.CopyTo(message, 0);
        await transport.ReceiveAllAsync(message.AsMemory(sizeof(int)), cancellationToken).ConfigureAwait(false);
        return message;
    }

    private static T Read<T>(ITransport transport, byte[] message, Func<BinaryReader, T> read)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(message, sizeof(int), message.Length - sizeof(int)));
            return read(reader);
        }
        catch (Exception exception) when (exception is IOException or FormatException or InvalidDataException or ArgumentException)
        {
            throw new ConnectionFailedException($"{transport.Remote} does not speak the protocol of this cluster: {exception.Message}", exception);
        }
    }
}
