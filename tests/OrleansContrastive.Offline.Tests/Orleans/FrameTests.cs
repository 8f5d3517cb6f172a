using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization;
using OrleansContrastive.Contracts.Blocks;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Frames: lengths that agree, payloads that are not copied.</summary>
public sealed class FrameTests
{
    [Theory]
    [InlineData(FrameFormat.SmallestPayload)]
    [InlineData(4 << 20)]
    public void A_payload_is_sent_from_where_it_is_and_received_into_an_array_of_its_own(int length)
    {
        var data = new byte[length];
        Random.Shared.NextBytes(data);
        var block = new TensorBlock(ElementType.Float32, [length / 4], data);
        using var frame = new FrameWriter();
        Wire.Codec.EncodeValue(block, frame);
        Assert.Equal(2, frame.Segments.Count);
        Assert.True(MemoryMarshal.TryGetArray(frame.Segments[1], out var segment));
        Assert.Same(data, segment.Array);
        Assert.InRange(frame.Segments[0].Length, 1, 100);
        var (head, payloads) = Wire.Split(Wire.Join(frame));
        var received = Wire.Codec.DecodeValue<TensorBlock>(head, payloads);
        Assert.True(MemoryMarshal.TryGetArray(received.Data, out var arrived));
        Assert.Same(payloads[0], arrived.Array);
        Assert.Equal(data, payloads[0]);
    }

    [Fact]
    public void A_small_payload_is_copied_into_the_head()
    {
        using var frame = new FrameWriter();
        Wire.Codec.EncodeValue(new byte[FrameFormat.SmallestPayload - 1], frame);
        Assert.Single(frame.Segments);
    }

    [Fact]
    public void A_slice_is_sent_without_the_rest_of_its_array()
    {
        var data = Enumerable.Range(0, 10_000).Select(value => (byte)value).ToArray();
        Assert.Equal(data[1_000..9_000], Wire.Send<ReadOnlyMemory<byte>>(data.AsMemory(1_000..9_000)).ToArray());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(1024)]
    [InlineData(2000)]
    public void Many_payloads_arrive(int count)
    {
        var blocks = Enumerable.Range(0, count).Select(index => Enumerable.Repeat((byte)index, 1_024 + index).ToArray()).ToArray();
        using var frame = new FrameWriter();
        Wire.Codec.EncodeValue(blocks, frame);
        Assert.Equal(Math.Min(count, FrameFormat.MostPayloads), frame.PayloadCount);
        Assert.Equal(Wire.Join(frame), Wire.Join(frame));
        var (head, payloads) = Wire.Split(Wire.Join(frame));
        Assert.Equal(blocks, Wire.Codec.DecodeValue<byte[][]>(head, payloads));
    }

    [Fact]
    public void A_writer_can_be_used_again()
    {
        var frame = new FrameWriter();
        Wire.Codec.EncodeValue(new byte[5_000], frame);
        var first = Wire.Join(frame);
        for (var round = 0; round < 3; round++)
        {
            frame.Reset();
            Assert.Equal(FrameFormat.FixedLength, frame.Length);
            Wire.Codec.EncodeValue(new byte[5_000], frame);
            Assert.Equal(first, Wire.Join(frame));
            if (round == 1) frame.Dispose();
        }

        frame.Dispose();
    }

    [Fact]
    public void What_the_caller_wrote_before_stands_before()
    {
        using var frame = new FrameWriter();
        "envelope"u8.CopyTo(frame.GetSpan(8));
        frame.Advance(8);
        Wire.Codec.EncodeValue(12, frame);
        var (head, payloads) = Wire.Split(Wire.Join(frame));
        Assert.Equal("envelope"u8.ToArray(), head.Slice(0, 8).ToArray());
        Assert.Equal(12, Wire.Codec.DecodeValue<int>(head.Slice(8), payloads));
    }

    [Fact]
    public void An_index_beyond_the_payloads_is_refused()
    {
        var (head, _) = Wire.Split(Wire.Encode(new byte[2_000]));
        Assert.Throws<WireFormatException>(() => Wire.Codec.DecodeValue<byte[]>(head, []));
    }
}
