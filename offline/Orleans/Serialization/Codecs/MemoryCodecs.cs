using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orleans.Serialization;

/// <summary>Bytes: a large array is sent from where it is and received into one of its own.</summary>
internal sealed class ByteArrayCodec : ReferenceCodec<byte[]>
{
    protected override void WriteBody(WireWriter writer, uint delta, byte[] value) => writer.Memory(delta, true, value);

    protected override byte[] ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        var value = reader.ReadMemory(tag, typeof(byte[]));
        reader.Set(index, value);
        return value;
    }
}

internal sealed class ReadOnlyByteMemoryCodec : ValueCodec<ReadOnlyMemory<byte>>
{
    public override void Write(WireWriter writer, uint delta, ReadOnlyMemory<byte> value) => writer.Memory(delta, false, value);

    public override ReadOnlyMemory<byte> Read(WireReader reader, WireTag tag) => reader.ReadMemory(tag, typeof(ReadOnlyMemory<byte>));
}

internal sealed class ByteMemoryCodec : ValueCodec<Memory<byte>>
{
    public override void Write(WireWriter writer, uint delta, Memory<byte> value) => writer.Memory(delta, false, value);

    public override Memory<byte> Read(WireReader reader, WireTag tag) => reader.ReadMemory(tag, typeof(Memory<byte>));
}

internal sealed class ByteSegmentCodec : ValueCodec<ArraySegment<byte>>
{
    public override void Write(WireWriter writer, uint delta, ArraySegment<byte> value) => writer.Memory(delta, false, value);

    public override ArraySegment<byte> Read(WireReader reader, WireTag tag) => reader.ReadMemory(tag, typeof(ArraySegment<byte>));
}

/// <summary>Numbers whose bytes are copied in one go: arrays and lists of them, and memory over them.</summary>
internal static class Bulk
{
    /// <summary>Whether values of the type are their bytes, whatever these are, in the same order everywhere.</summary>
    public static bool Takes(Type type) =>
        (type.IsPrimitive && type != typeof(bool) && type != typeof(nint) && type != typeof(nuint))
        || type.IsEnum || type == typeof(Guid) || type == typeof(Half) || type == typeof(Int128) || type == typeof(UInt128);

    public static void Write<T>(WireWriter writer, uint delta, bool isTracked, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (values.Length > Array.MaxLength / Unsafe.SizeOf<T>())
            throw new SerializerException($"{values.Length} values of {typeof(T)} cannot travel in one message.");
        writer.Tag(WireKind.Bytes, delta, isTracked);
        writer.Frame.WriteBytes(MemoryMarshal.AsBytes(values));
    }

    /// <summary>The values, in the reader's buffer.</summary>
    public static ReadOnlySpan<byte> Read<T>(WireReader reader, WireTag tag)
        where T : unmanaged
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(T[]));
        var bytes = reader.ReadBytes();
        return bytes.Length % Unsafe.SizeOf<T>() == 0
            ? bytes
            : throw new WireFormatException($"an array of {typeof(T)}", $"a multiple of {Unsafe.SizeOf<T>()} bytes", $"{bytes.Length}");
    }

    public static T[] ReadArray<T>(WireReader reader, WireTag tag)
        where T : unmanaged
    {
        var bytes = Read<T>(reader, tag);
        if (bytes.IsEmpty) return [];
        var values = GC.AllocateUninitializedArray<T>(bytes.Length / Unsafe.SizeOf<T>());
        bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}

internal sealed class BulkArrayCodec<T> : ReferenceCodec<T[]>
    where T : unmanaged
{
    protected override void WriteBody(WireWriter writer, uint delta, T[] value) => Bulk.Write<T>(writer, delta, true, value);

    protected override T[] ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        var value = Bulk.ReadArray<T>(reader, tag);
        reader.Set(index, value);
        return value;
    }
}

internal sealed class BulkListCodec<T> : ReferenceCodec<List<T>>
    where T : unmanaged
{
    protected override void WriteBody(WireWriter writer, uint delta, List<T> value) =>
        Bulk.Write<T>(writer, delta, true, CollectionsMarshal.AsSpan(value));

    protected override List<T> ReadBody(WireReader reader, WireTag tag)
    {
        var index = reader.Reserve(tag);
        var bytes = Bulk.Read<T>(reader, tag);
        var value = new List<T>(bytes.Length / Unsafe.SizeOf<T>());
        CollectionsMarshal.SetCount(value, bytes.Length / Unsafe.SizeOf<T>());
        bytes.CopyTo(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(value)));
        reader.Set(index, value);
        return value;
    }
}

internal sealed class BulkReadOnlyMemoryCodec<T> : ValueCodec<ReadOnlyMemory<T>>
    where T : unmanaged
{
    public override void Write(WireWriter writer, uint delta, ReadOnlyMemory<T> value) => Bulk.Write(writer, delta, false, value.Span);

    public override ReadOnlyMemory<T> Read(WireReader reader, WireTag tag) => Bulk.ReadArray<T>(reader, tag);
}

internal sealed class BulkMemoryCodec<T> : ValueCodec<Memory<T>>
    where T : unmanaged
{
    public override void Write(WireWriter writer, uint delta, Memory<T> value) => Bulk.Write<T>(writer, delta, false, value.Span);

    public override Memory<T> Read(WireReader reader, WireTag tag) => Bulk.ReadArray<T>(reader, tag);
}

/// <summary>An array that cannot change, as an array.</summary>
internal sealed class ImmutableArrayCodec<T> : ValueCodec<ImmutableArray<T>>
{
    public override void Write(WireWriter writer, uint delta, ImmutableArray<T> value) =>
        CodecOf<T[]?>.Write(writer, delta, ImmutableCollectionsMarshal.AsArray(value));

    public override ImmutableArray<T> Read(WireReader reader, WireTag tag) =>
        ImmutableCollectionsMarshal.AsImmutableArray(CodecOf<T[]?>.Read(reader, tag));
}
