using System.Buffers;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>A sender and a receiver of one wire, without the network between them.</summary>
internal static class Wire
{
    public static WireTypes Types { get; } = new([typeof(RunSpec).Assembly, typeof(Wire).Assembly]);

    public static ReferenceFactory References { get; } = new(new CallSender(new ClientMessagingOptions(), TimeProvider.System));

    public static MessageCodec Codec { get; } = new(Types, References);

    /// <summary>What the receiver gets of a value.</summary>
    public static T Send<T>(T value) => Receive<T>(Encode(value));

    /// <summary>A value as the bytes of a frame.</summary>
    public static byte[] Encode<T>(T value)
    {
        using var frame = new FrameWriter();
        Codec.EncodeValue(value, frame);
        return Join(frame);
    }

    public static T Receive<T>(byte[] frame)
    {
        var (head, payloads) = Split(frame);
        return Codec.DecodeValue<T>(head, payloads);
    }

    /// <summary>The bytes of a frame as the socket gets them.</summary>
    public static byte[] Join(FrameWriter frame)
    {
        var bytes = frame.Segments.SelectMany(segment => segment.ToArray()).ToArray();
        Assert.Equal(bytes.Length, frame.Length);
        return bytes;
    }

    /// <summary>The head and the payloads of a frame, each in memory of its own.</summary>
    public static (ReadOnlySequence<byte> Head, byte[][] Payloads) Split(byte[] frame)
    {
        var whole = new ReadOnlySequence<byte>(frame);
        if (!FrameFormat.TryRead(whole, 1 << 28, 1 << 28, out var prefix)) throw new WireFormatException("a frame", "all of its lengths", $"{frame.Length} bytes");
        var start = prefix.Length + prefix.HeadLength;
        if (frame.Length != start + prefix.PayloadLengths.Sum()) throw new WireFormatException("a frame", "all of it", $"{frame.Length} bytes");
        var payloads = new byte[prefix.PayloadLengths.Length][];
        for (var index = 0; index < payloads.Length; index++)
        {
            payloads[index] = frame.AsSpan(start, prefix.PayloadLengths[index]).ToArray();
            start += payloads[index].Length;
        }

        return (whole.Slice(prefix.Length, prefix.HeadLength), payloads);
    }

    /// <summary>A request as the receiver of a frame makes it.</summary>
    public static Request SendRequest(Request request)
    {
        using var frame = new FrameWriter();
        Codec.EncodeRequest(request, frame);
        var (head, payloads) = Split(Join(frame));
        return Codec.DecodeRequest(head, payloads, request.IsCancellable);
    }

    /// <summary>A failure as the caller gets it.</summary>
    public static Exception SendFailure(Exception exception)
    {
        using var frame = new FrameWriter();
        Codec.EncodeFailure(exception, frame);
        var (head, payloads) = Split(Join(frame));
        var method = GrainMethod.Of(typeof(IWireGrain).GetMethod(nameof(IWireGrain.AnythingAsync))!);
        return Codec.DecodeResponse(head, payloads, new Request<ValueTuple<object?>, object?>((GrainMethod<ValueTuple<object?>, object?>)method, default))!;
    }
}

/// <summary>Methods with every kind of parameters.</summary>
[Alias("oc.offline.wire")]
public interface IWireGrain : IGrainWithStringKey
{
    [Alias("anything")]
    Task<object?> AnythingAsync(object? value);

    [Alias("nothing")]
    Task NothingAsync(CancellationToken cancellationToken);

    [Alias("many")]
    ValueTask<long> ManyAsync(int a, string b, long[] c, double d, Guid e, TimeSpan f, byte[] g, int? h, IWireGrain? i);
}
