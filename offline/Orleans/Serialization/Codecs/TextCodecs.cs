using System.Net;
using System.Numerics;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Texts, in UTF-8. Equal ones are not shared.</summary>
internal sealed class StringCodec : ReferenceCodec<string>
{
    protected override bool IsTracked => false;

    protected override void WriteBody(WireWriter writer, uint delta, string value)
    {
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteText(value);
    }

    protected override string ReadBody(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(string));
        return reader.ReadText();
    }
}

/// <summary>Small constants that have a text form: addresses and the like.</summary>
internal sealed class TextCodec<T>(Func<T, string> format, Func<string, T?> parse) : ReferenceCodec<T>
    where T : class
{
    protected override bool IsTracked => false;

    protected override bool TakesDerived => true;

    protected override void WriteBody(WireWriter writer, uint delta, T value)
    {
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteText(format(value));
    }

    protected override T ReadBody(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(T));
        var text = reader.ReadText();
        return parse(text) ?? throw new WireFormatException($"a {typeof(T)}", "its text form", $"\"{text}\"");
    }
}

/// <summary>The ways from small constants to texts and back.</summary>
internal static class TextForms
{
    public static TextCodec<Uri> Uri { get; } = new(
        static uri => uri.OriginalString, static text => System.Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) ? uri : null);

    public static TextCodec<Version> Version { get; } = new(
        static version => version.ToString(), static text => System.Version.TryParse(text, out var version) ? version : null);

    public static TextCodec<IPAddress> Address { get; } = new(
        static address => address.ToString(), static text => IPAddress.TryParse(text, out var address) ? address : null);

    public static TextCodec<IPEndPoint> EndPoint { get; } = new(
        static endPoint => endPoint.ToString(), static text => IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null);

    public static TextCodec<SiloAddress> Silo { get; } = new(
        static silo => silo.ToParsableString(), static text => SiloAddress.TryParse(text, out var silo) ? silo : null);
}

/// <summary>The bytes of an identity's part.</summary>
internal sealed class IdSpanCodec : ValueCodec<IdSpan>
{
    public override void Write(WireWriter writer, uint delta, IdSpan value)
    {
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteBytes(value.AsSpan());
    }

    public override IdSpan Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(IdSpan));
        var bytes = reader.ReadBytes();
        return bytes.IsEmpty ? default : new IdSpan(bytes.ToArray());
    }
}

internal sealed class BigIntegerCodec : ValueCodec<BigInteger>
{
    public override void Write(WireWriter writer, uint delta, BigInteger value)
    {
        writer.Tag(WireKind.Bytes, delta);
        writer.Frame.WriteBytes(value.ToByteArray());
    }

    public override BigInteger Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Bytes, typeof(BigInteger));
        return new BigInteger(reader.ReadBytes());
    }
}
