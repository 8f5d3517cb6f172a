using System.Buffers;
using Orleans;
using Orleans.Configuration;
using Orleans.Networking;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
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

    /// <summary>The head and the payloads of a frame, as a connection takes them off the socket.</summary>
    /// <exception cref="InvalidMessageFrameException">The lengths do not fit together.</exception>
    /// <exception cref="EndOfStreamException">The frame is cut off.</exception>
    public static (ReadOnlySequence<byte> Head, byte[][] Payloads) Split(byte[] bytes, long longest = 1 << 24)
    {
        using var socket = new Socket(bytes);
        var reading = new FrameReader(socket, longest).ReadAsync(CancellationToken.None);
        Assert.True(reading.IsCompleted, "All bytes are there, and the reader waits.");
        var frame = reading.GetAwaiter().GetResult() ?? throw new EndOfStreamException("There is no frame.");
        return (new ReadOnlySequence<byte>(frame.Head), frame.Payloads);
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

    // Bytes that have all arrived.
    private sealed class Socket(byte[] bytes) : ITransport
    {
        private int _position;

        public string Remote => "the other end";

        public bool CanSendNow => false;

        public ValueTask SendAsync(ReadOnlyMemory<byte> sent, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing is sent.");

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = Math.Min(buffer.Length, bytes.Length - _position);
            bytes.AsMemory(_position, count).CopyTo(buffer);
            _position += count;
            return ValueTask.FromResult(count);
        }

        public void Dispose()
        {
            // There is none.
        }
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
