using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Orleans.Serialization;

/// <summary>
/// Exceptions: the name of the type, message, stack trace as text, inner exceptions, simple data, and the members of those that say
/// how they travel. One whose type is not known to the receiver arrives as <see cref="UnavailableExceptionFallbackException"/>.
/// </summary>
internal sealed class ExceptionCodec<T> : ReferenceCodec<T>
    where T : Exception
{
    // Cycles are impossible by construction, and an exception that is thrown again at two places is two.
    protected override bool IsTracked => false;

    protected override bool TakesDerived => true;

    protected override void WriteBody(WireWriter writer, uint delta, T value)
    {
        writer.BeginObject(delta, false);
        CodecOf<string>.Write(writer, 0, value.GetType().FullName!);
        CodecOf<string?>.Write(writer, 1, ExceptionState.MessageOf(value));
        CodecOf<string?>.Write(writer, 1, value.StackTrace);
        CodecOf<Exception?>.Write(writer, 1, value is AggregateException ? null : value.InnerException);
        CodecOf<int>.Write(writer, 1, value.HResult);
        CodecOf<object?[]>.Write(writer, 1, ExceptionState.SimpleDataOf(value));
        CodecOf<Exception[]?>.Write(writer, 1, value is AggregateException several ? [.. several.InnerExceptions] : null);
        if (writer.Types.FindException(value.GetType().FullName!) is { } kind && kind.Type == value.GetType())
        {
            writer.EndBase();
            kind.WriteMembers(writer, value);
        }

        writer.EndObject();
    }

    protected override T ReadBody(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Object, typeof(Exception));
        reader.Enter();
        var state = default(ExceptionState);
        var isBase = state.Read(reader);
        var kind = reader.Types.FindException(state.TypeName ?? "");
        var value = state.Create(kind);
        if (isBase && kind?.Type == value.GetType()) kind.ReadMembers(reader, value);
        else if (isBase) reader.SkipFields();
        reader.Leave();
        return value as T ?? throw new WireFormatException("an exception", $"a {typeof(T)}", $"a {value.GetType()}");
    }
}

/// <summary>What every exception has.</summary>
internal struct ExceptionState
{
    public string? TypeName;
    private string? _message;
    private string? _stackTrace;
    private Exception? _inner;
    private int _hResult;
    private object?[]? _data;
    private Exception[]? _several;

    /// <summary>The message as it was given, where the class adds to it what it will add again.</summary>
    public static string? MessageOf(Exception value) => value is AggregateException ? MessageField(value) : value.Message;

    /// <summary>Keys and values of the data that are texts or numbers; others may not travel, and an error shall.</summary>
    public static object?[] SimpleDataOf(Exception value)
    {
        var simple = new List<object?>();
        foreach (DictionaryEntry entry in value.Data)
        {
            if (!IsSimple(entry.Key) || (entry.Value is not null && !IsSimple(entry.Value))) continue;
            simple.Add(entry.Key);
            simple.Add(entry.Value);
        }

        return [.. simple];
    }

    /// <summary>Reads up to the end of the object, or of what every exception has: then true.</summary>
    public bool Read(WireReader reader)
    {
        var id = 0u;
        while (true)
        {
            var tag = reader.ReadTag();
            if (tag.IsEnd || tag.IsEndBase) return tag.IsEndBase;
            id += tag.Delta;
            switch (id)
            {
                case 0:
                    TypeName = CodecOf<string?>.Read(reader, tag);
                    break;
                case 1:
                    _message = CodecOf<string?>.Read(reader, tag);
                    break;
                case 2:
                    _stackTrace = CodecOf<string?>.Read(reader, tag);
                    break;
                case 3:
                    _inner = CodecOf<Exception?>.Read(reader, tag);
                    break;
                case 4:
                    _hResult = CodecOf<int>.Read(reader, tag);
                    break;
                case 5:
                    _data = CodecOf<object?[]?>.Read(reader, tag);
                    break;
                case 6:
                    _several = CodecOf<Exception[]?>.Read(reader, tag);
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="kind">What is known of its type; null for nothing.</param>
    public readonly Exception Create(ExceptionKind? kind)
    {
        var value = kind?.Type == typeof(AggregateException)
            ? new AggregateException(_message, (_several ?? []).OfType<Exception>())
            : kind?.Create() ?? new UnavailableExceptionFallbackException { ExceptionType = TypeName };
        MessageField(value) = _message;
        if (value is not AggregateException) InnerField(value) = _inner;
        value.HResult = _hResult;
        for (var index = 0; index + 1 < (_data?.Length ?? 0); index += 2)
            if (_data![index] is { } key) value.Data[key] = _data[index + 1];
        if (_stackTrace is not null) ExceptionDispatchInfo.SetRemoteStackTrace(value, _stackTrace);
        return value;
    }

    private static bool IsSimple(object value) =>
        value is string or decimal or Guid or DateTime or TimeSpan || value.GetType().IsPrimitive;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageField(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? InnerField(Exception exception);
}
