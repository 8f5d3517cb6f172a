using System.Buffers;
using System.Buffers.Binary;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Networking;

internal enum FrameKind : byte
{
    /// <summary>A call of a grain: <see cref="Envelope"/>, then what the codec wrote.</summary>
    Request = 1,

    /// <summary>The result of a call: its number, then what the codec wrote.</summary>
    Result = 2,

    /// <summary>The failure of a call: its number, then what the codec wrote.</summary>
    Failure = 3,

    /// <summary>The caller gave up: its number.</summary>
    Cancel = 4,

    /// <summary>The caller does not wait any more: its number.</summary>
    Abandon = 5,

    /// <summary>A question of the runtime itself: its number (0: no answer is wanted), the operation, its arguments.</summary>
    System = 6,

    /// <summary>The answer to such a question: its number, then the answer.</summary>
    SystemReply = 7,

    /// <summary>Such a question failed: its number, then why, in words.</summary>
    SystemFailure = 8,
}

/// <summary>Whose call it is and for whom: what is read before, and apart from, the call itself.</summary>
internal readonly record struct Envelope(long CallId, GrainId Target, GrainId? Sender, MessageOptions Options, bool IsCancellable, int Hops)
{
    private const int HasSender = 0x80;
    private const int Cancellable = 0x40;
    private const int OptionBits = 0x3F;

    /// <summary>Kind and number, which every frame begins with.</summary>
    public const int StartLength = 1 + sizeof(long);

    public static void WriteStart(FrameWriter frame, FrameKind kind, long callId)
    {
        var span = frame.GetSpan(StartLength);
        span[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(span[1..], callId);
        frame.Advance(StartLength);
    }

    public static (FrameKind Kind, long CallId) ReadStart(ReadOnlySpan<byte> head) => head.Length >= StartLength
        ? ((FrameKind)head[0], BinaryPrimitives.ReadInt64LittleEndian(head[1..]))
        : throw new InvalidDataException($"expected a frame's head of at least {StartLength} bytes, found {head.Length}");

    /// <summary>Writes the request's envelope, its start included.</summary>
    /// <exception cref="InvalidDataException">A key or a class name is longer than it may be.</exception>
    public static void Write(FrameWriter frame, long callId, Message message)
    {
        WriteStart(frame, FrameKind.Request, callId);
        var span = frame.GetSpan(2);
        span[0] = (byte)((int)message.Options
            | (message.Request.Cancellation is null ? 0 : Cancellable)
            | (message.Sender is null ? 0 : HasSender));
        span[1] = (byte)Math.Min(message.Hops, byte.MaxValue);
        frame.Advance(2);
        Write(frame, message.Target);
        if (message.Sender is { } sender) Write(frame, sender);
    }

    /// <summary>Reads what <see cref="Write(FrameWriter, long, Message)"/> wrote after the start; the rest is the codec's.</summary>
    /// <exception cref="InvalidDataException">It is no envelope.</exception>
    public static Envelope Read(long callId, ref ReadOnlySpan<byte> rest)
    {
        var head = Take(ref rest, 2);
        var (flags, hops) = (head[0], head[1]);
        var target = ReadGrainId(ref rest);
        GrainId? sender = (flags & HasSender) != 0 ? ReadGrainId(ref rest) : null;
        return new Envelope(callId, target, sender, (MessageOptions)(flags & OptionBits), (flags & Cancellable) != 0, hops);
    }

    private static void Write(FrameWriter frame, GrainId grain)
    {
        Write(frame, grain.Type.Value);
        Write(frame, grain.Key);
    }

    private static void Write(FrameWriter frame, IdSpan id)
    {
        var value = id.AsSpan();
        if (value.Length > ushort.MaxValue) throw new InvalidDataException($"A grain's key has {value.Length} bytes: expected at most {ushort.MaxValue}.");
        var span = frame.GetSpan(sizeof(ushort) + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)value.Length);
        value.CopyTo(span[sizeof(ushort)..]);
        frame.Advance(sizeof(ushort) + value.Length);
    }

    private static GrainId ReadGrainId(ref ReadOnlySpan<byte> rest)
    {
        var type = KnownGrainTypes.Get(ReadBytes(ref rest));
        return GrainId.Create(type, new IdSpan(ReadBytes(ref rest).ToArray()));
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> rest) =>
        Take(ref rest, BinaryPrimitives.ReadUInt16LittleEndian(Take(ref rest, sizeof(ushort))));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int length)
    {
        if (rest.Length < length) throw new InvalidDataException($"expected {length} more bytes of an envelope, found {rest.Length}");
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    /// <summary>The last class names that this thread read: they repeat, so they need not be made anew.</summary>
    private static class KnownGrainTypes
    {
        private const int Slots = 16;

        [ThreadStatic]
        private static GrainType[]? _known;

        public static GrainType Get(ReadOnlySpan<byte> name)
        {
            var known = _known ??= new GrainType[Slots];
            ref var slot = ref known[name.IsEmpty ? 0 : (name[^1] + name.Length) % Slots];
            if (!slot.Value.AsSpan().SequenceEqual(name)) slot = new GrainType(new IdSpan(name.ToArray()));
            return slot;
        }
    }
}
