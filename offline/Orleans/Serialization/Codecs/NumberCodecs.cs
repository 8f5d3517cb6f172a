using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orleans.Serialization;

/// <summary>Signed integers: small absolute values take few bytes.</summary>
internal sealed class SignedCodec<T> : ValueCodec<T>
    where T : struct, IBinaryInteger<T>
{
    public override void Write(WireWriter writer, uint delta, T value)
    {
        var number = long.CreateTruncating(value);
        writer.Tag(WireKind.VarInt, delta);
        writer.Frame.WriteVarUInt64((ulong)((number << 1) ^ (number >> 63)));
    }

    public override T Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.VarInt, typeof(T));
        var bits = reader.ReadVarUInt64();
        var number = (long)(bits >> 1) ^ -(long)(bits & 1);
        var value = T.CreateTruncating(number);
        return long.CreateTruncating(value) == number ? value : throw new WireFormatException("an integer", $"a {typeof(T)}", $"{number}");
    }
}

/// <summary>Unsigned integers and characters.</summary>
internal sealed class UnsignedCodec<T> : ValueCodec<T>
    where T : struct, IBinaryInteger<T>
{
    public override void Write(WireWriter writer, uint delta, T value)
    {
        writer.Tag(WireKind.VarInt, delta);
        writer.Frame.WriteVarUInt64(ulong.CreateTruncating(value));
    }

    public override T Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.VarInt, typeof(T));
        var number = reader.ReadVarUInt64();
        var value = T.CreateTruncating(number);
        return ulong.CreateTruncating(value) == number ? value : throw new WireFormatException("an integer", $"a {typeof(T)}", $"{number}");
    }
}

/// <summary>Enumerations, as the integers that they are; any value of these.</summary>
internal sealed class EnumCodec<T, TInteger>(Codec<TInteger> integers) : ValueCodec<T>
    where T : struct, Enum
    where TInteger : struct
{
    public override void Write(WireWriter writer, uint delta, T value) => integers.Write(writer, delta, Unsafe.BitCast<T, TInteger>(value));

    public override T Read(WireReader reader, WireTag tag) => Unsafe.BitCast<TInteger, T>(integers.Read(reader, tag));
}

internal sealed class BooleanCodec : ValueCodec<bool>
{
    public override void Write(WireWriter writer, uint delta, bool value)
    {
        writer.Tag(WireKind.VarInt, delta);
        writer.Frame.WriteByte(value ? (byte)1 : (byte)0);
    }

    public override bool Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.VarInt, typeof(bool));
        var value = reader.ReadByte();
        return value <= 1 ? value == 1 : throw new WireFormatException("a Boolean", "0 or 1", $"{value}");
    }
}

internal sealed class SingleCodec : ValueCodec<float>
{
    public override void Write(WireWriter writer, uint delta, float value)
    {
        writer.Tag(WireKind.Fixed32, delta);
        writer.Frame.WriteUInt32(BitConverter.SingleToUInt32Bits(value));
    }

    public override float Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Fixed32, typeof(float));
        return BitConverter.UInt32BitsToSingle(reader.ReadUInt32());
    }
}

internal sealed class DoubleCodec : ValueCodec<double>
{
    public override void Write(WireWriter writer, uint delta, double value)
    {
        writer.Tag(WireKind.Fixed64, delta);
        writer.Frame.WriteUInt64(BitConverter.DoubleToUInt64Bits(value));
    }

    public override double Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Fixed64, typeof(double));
        return BitConverter.UInt64BitsToDouble(reader.ReadUInt64());
    }
}

/// <summary>Types whose every bit pattern is a value, such as <see cref="Guid"/>.</summary>
internal sealed class RawCodec<T> : ValueCodec<T>
    where T : unmanaged
{
    public override void Write(WireWriter writer, uint delta, T value)
    {
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
    }

    public override T Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(T));
        var bytes = reader.ReadBytes();
        return bytes.Length == Unsafe.SizeOf<T>()
            ? MemoryMarshal.Read<T>(bytes)
            : throw new WireFormatException($"a {typeof(T)}", $"{Unsafe.SizeOf<T>()} bytes", $"{bytes.Length}");
    }
}

internal sealed class DecimalCodec : ValueCodec<decimal>
{
    private const int Parts = 4;

    public override void Write(WireWriter writer, uint delta, decimal value)
    {
        Span<int> parts = stackalloc int[Parts];
        decimal.GetBits(value, parts);
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteBytes(MemoryMarshal.AsBytes(parts));
    }

    public override decimal Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(decimal));
        var bytes = reader.ReadBytes();
        if (bytes.Length != Parts * sizeof(int)) throw new WireFormatException("a decimal", "16 bytes", $"{bytes.Length}");
        try
        {
            return new decimal(MemoryMarshal.Cast<byte, int>(bytes));
        }
        catch (ArgumentException exception)
        {
            throw new WireFormatException("a decimal", "a scale of at most 28", exception);
        }
    }
}
