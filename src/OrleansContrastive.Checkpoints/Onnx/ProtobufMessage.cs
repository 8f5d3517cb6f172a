using System.Buffers.Binary;
using System.Text;

namespace OrleansContrastive.Checkpoints.Onnx;

/// <summary>
/// A Protocol Buffers message that grows field by field. Embedded messages and large byte fields are kept as they are, not
/// copied, until the whole is written.
/// </summary>
internal sealed class ProtobufMessage
{
    private const int VarintKind = 0;
    private const int BytesKind = 2;
    private const int Fixed32Kind = 5;

    private readonly List<ReadOnlyMemory<byte>> _parts = [];

    /// <summary>Bytes of the message.</summary>
    public long Length { get; private set; }

    /// <summary>An integer field.</summary>
    public ProtobufMessage Integer(int field, long value)
    {
        Span<byte> bytes = stackalloc byte[20];
        var length = Varint(bytes, Key(field, VarintKind));
        length += Varint(bytes[length..], (ulong)value);
        return Add(bytes[..length].ToArray());
    }

    /// <summary>A float field.</summary>
    public ProtobufMessage Single(int field, float value)
    {
        Span<byte> bytes = stackalloc byte[14];
        var length = Varint(bytes, Key(field, Fixed32Kind));
        BinaryPrimitives.WriteSingleLittleEndian(bytes[length..], value);
        return Add(bytes[..(length + sizeof(float))].ToArray());
    }

    /// <summary>A string field.</summary>
    public ProtobufMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A bytes field; the memory must not change before the whole is written.</summary>
    public ProtobufMessage Bytes(int field, ReadOnlyMemory<byte> value)
    {
        Start(field, value.Length);
        return Add(value);
    }

    /// <summary>An embedded message, which is complete.</summary>
    public ProtobufMessage Message(int field, ProtobufMessage value)
    {
        Start(field, value.Length);
        _parts.AddRange(value._parts);
        Length += value.Length;
        return this;
    }

    /// <summary>Writes the message without a length before it.</summary>
    public async Task WriteAsync(Stream destination, CancellationToken cancellationToken)
    {
        foreach (var part in _parts) await destination.WriteAsync(part, cancellationToken).ConfigureAwait(false);
    }

    private void Start(int field, long length)
    {
        Span<byte> bytes = stackalloc byte[20];
        var written = Varint(bytes, Key(field, BytesKind));
        written += Varint(bytes[written..], (ulong)length);
        Add(bytes[..written].ToArray());
    }

    private ProtobufMessage Add(ReadOnlyMemory<byte> part)
    {
        _parts.Add(part);
        Length += part.Length;
        return this;
    }

    private static ulong Key(int field, int kind) => (ulong)((field << 3) | kind);

    // Seven bits a byte, lowest first; the top bit says that another follows.
    private static int Varint(Span<byte> target, ulong value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7) target[length++] = (byte)(value | 0x80);
        target[length++] = (byte)value;
        return length;
    }
}
