using System.Buffers;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Writes what is inside of messages into frames and reads it again: requests, results, failures. Whatever bytes come, reading them
/// ends with a value or a <see cref="WireFormatException"/>, and takes memory in proportion to them. Safe for threads.
/// </summary>
internal sealed class MessageCodec(WireTypes types, ReferenceFactory references)
{
    private const byte Succeeded = 0;
    private const byte Failed = 1;

    /// <summary>Writes the method and its arguments.</summary>
    /// <exception cref="SerializerException">An argument cannot travel; the frame is to be reset.</exception>
    public void EncodeRequest(Request request, FrameWriter frame)
    {
        var method = request.GrainMethod ?? throw new SerializerException($"{request} cannot travel: it belongs to one activation.");
        frame.WriteUInt64(method.WireId);
        var writer = WireWriter.Rent(frame, types);
        try
        {
            request.EncodeArguments(writer);
        }
        finally
        {
            WireWriter.Return(writer);
        }
    }

    /// <summary>Reads a request. Its payloads are its own from now on.</summary>
    /// <param name="body">What <see cref="EncodeRequest"/> wrote.</param>
    /// <param name="payloads">The payloads of the frame.</param>
    /// <param name="isCancellable">Whether the caller may cancel: the callee's token is bound to a source.</param>
    /// <exception cref="WireFormatException">The bytes are no request for a method that is known here.</exception>
    public Request DecodeRequest(ReadOnlySequence<byte> body, IReadOnlyList<byte[]> payloads, bool isCancellable)
    {
        var reader = WireReader.Rent(body, payloads, types, references);
        try
        {
            var request = types.FindMethod(reader.ReadUInt64()).DecodeRequest(reader, isCancellable);
            reader.ExpectEnd();
            return request;
        }
        catch (Exception exception) when (exception is not WireFormatException)
        {
            throw Wrap("a request", exception);
        }
        finally
        {
            WireReader.Return(reader);
        }
    }

    /// <summary>Writes the result that the request holds after it ran.</summary>
    /// <exception cref="SerializerException">The result cannot travel; the frame is to be reset.</exception>
    public void EncodeResult(Request request, FrameWriter frame)
    {
        frame.WriteByte(Succeeded);
        var writer = WireWriter.Rent(frame, types);
        try
        {
            request.EncodeResult(writer);
        }
        finally
        {
            WireWriter.Return(writer);
        }
    }

    /// <summary>Writes an error. One that cannot travel is replaced by its text.</summary>
    public void EncodeFailure(Exception exception, FrameWriter frame)
    {
        var start = frame.Mark();
        try
        {
            Write(exception);
        }
        catch (Exception problem)
        {
            frame.Return(start);
            Write(new SerializerException($"{exception.GetType()} could not travel ({problem.Message}): {TextOf(exception)}"));
        }

        void Write(Exception value)
        {
            frame.WriteByte(Failed);
            EncodeValue(value, frame);
        }
    }

    /// <summary>Reads the outcome of a request into it. Null: it holds its result now; else the failure.</summary>
    /// <exception cref="WireFormatException">The bytes are no result of the request's type, and no error.</exception>
    public Exception? DecodeResponse(ReadOnlySequence<byte> body, IReadOnlyList<byte[]> payloads, Request request)
    {
        var reader = WireReader.Rent(body, payloads, types, references);
        try
        {
            var outcome = reader.ReadByte();
            Exception? failure = null;
            if (outcome == Succeeded)
            {
                request.DecodeResult(reader);
            }
            else
            {
                if (outcome != Failed) throw new WireFormatException("a response", $"{Succeeded} or {Failed}", $"{outcome}");
                failure = CodecOf<Exception?>.Read(reader, reader.ReadTag()) ?? throw new WireFormatException("a response", "an error", "none");
            }

            reader.ExpectEnd();
            return failure;
        }
        catch (Exception exception) when (exception is not WireFormatException)
        {
            throw Wrap($"the response to {request}", exception);
        }
        finally
        {
            WireReader.Return(reader);
        }
    }

    /// <summary>Writes any value that travels.</summary>
    /// <exception cref="SerializerException">It cannot travel; the frame is to be reset.</exception>
    public void EncodeValue<T>(T value, FrameWriter frame)
    {
        var writer = WireWriter.Rent(frame, types);
        try
        {
            CodecOf<T>.Write(writer, 0, value);
        }
        finally
        {
            WireWriter.Return(writer);
        }
    }

    /// <summary>Reads what <see cref="EncodeValue"/> wrote.</summary>
    /// <exception cref="WireFormatException">The bytes are no such value.</exception>
    public T DecodeValue<T>(ReadOnlySequence<byte> body, IReadOnlyList<byte[]> payloads)
    {
        var reader = WireReader.Rent(body, payloads, types, references);
        try
        {
            var value = CodecOf<T>.Read(reader, reader.ReadTag());
            reader.ExpectEnd();
            return value;
        }
        catch (Exception exception) when (exception is not WireFormatException)
        {
            throw Wrap($"a {typeof(T)}", exception);
        }
        finally
        {
            WireReader.Return(reader);
        }
    }

    // What a constructor, a property or a comparer of the application makes of unusual values is its own affair.
    private static WireFormatException Wrap(string what, Exception exception) => new(what, "values that its types take", exception);

    private static string TextOf(Exception exception)
    {
        try
        {
            return exception.ToString();
        }
        catch (Exception problem)
        {
            return $"(no text: {problem.GetType()})";
        }
    }
}
