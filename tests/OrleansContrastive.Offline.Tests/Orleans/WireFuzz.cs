using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Orleans;
using Orleans.Networking;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>
/// Frames that were sound and are changed: bits, bytes that mean something, lengths, ends, parts of other frames. Most changes keep
/// the lengths of the frame right, so that they get behind its gate.
/// </summary>
internal sealed class WireFuzz
{
    // A byte may ask for an object with its members, a word for an error with its text.
    private const int MostBytesPerByte = 128;
    // The buffer of a connection too, which is made anew for every frame here.
    private const int MostBytesBeside = 96 << 10;

    // A frame that says more is refused, and one that says less may get memory before it is there.
    private const int LongestFrame = 1 << 20;

    private static readonly byte[] Telling = [0, 1, 2, 0x0F, 0x7F, 0x80, 0xFF, WireTag.Null, WireTag.End, WireTag.EndBase, 0xE0, 0xA8, 0xC8, 0xB8, 0xD8, 0x78, 0x80];

    private readonly Random _random;
    private readonly List<Sample> _samples = [];

    public WireFuzz(int seed)
    {
        _random = new Random(seed);
        var values = new RandomValues(seed);
        var contracts = typeof(RunSpec).Assembly.GetTypes();
        for (var round = 0; round < 8; round++)
        {
            foreach (var type in contracts.Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), false)))
                Add(frame => Wire.Codec.EncodeValue(values.Create(type), frame), static (head, payloads) => Wire.Codec.DecodeValue<object>(head, payloads));
            foreach (var method in contracts.Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).SelectMany(type => type.GetMethods()))
                AddMethod(GrainMethod.Of(method), values);
        }

        foreach (var value in Odd())
            Add(frame => Wire.Codec.EncodeValue<object?>(value, frame), static (head, payloads) => Wire.Codec.DecodeValue<object?>(head, payloads));
        foreach (var failure in new Exception[] { new WireRefusedException("refused", 1), new AggregateException("both", new IOException("a", new InvalidDataException("b")), new TimeoutException()) })
        {
            var method = GrainMethod.Of(typeof(IWireGrain).GetMethod(nameof(IWireGrain.AnythingAsync))!);
            Add(frame => Wire.Codec.EncodeFailure(failure, frame), (head, payloads) => Wire.Codec.DecodeResponse(head, payloads, MessageTests.Create(method)));
        }
    }

    /// <summary>Frames that were read to their end although they were changed.</summary>
    public int Read { get; private set; }

    /// <summary>Frames that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>The most bytes allocated for a byte of a frame, beside what any frame may.</summary>
    public double MostAllocated { get; private set; }

    /// <summary>The longest that a frame took.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <summary>Changes so many frames and reads them.</summary>
    public void Run(int frames)
    {
        // Once unchanged, so that what is made for every type is made.
        foreach (var sample in _samples) Assert.Null(Decode(sample, sample.Frame, out _));
        for (var count = 0; count < frames; count++)
        {
            var sample = Pick();
            var frame = Change(sample.Frame);
            var start = Stopwatch.GetTimestamp();
            var problem = Decode(sample, frame, out var allocated);
            var took = Stopwatch.GetElapsedTime(start);
            if (took > Slowest) Slowest = took;
            if (problem is null) Read++;
            else Refused++;
            Judge(sample, frame, problem, allocated);
        }
    }

    private void Judge(Sample sample, byte[] frame, Exception? problem, long allocated)
    {
        if (problem is InvalidMessageFrameException or EndOfStreamException)
        {
            Assert.InRange(allocated, 0, MostBytesBeside + LongestFrame);
            return;
        }

        // The second time no type is met first.
        if (allocated > Limit(frame)) Decode(sample, frame, out allocated);
        MostAllocated = Math.Max(MostAllocated, (double)(allocated - MostBytesBeside) / frame.Length);
        Assert.True(allocated <= Limit(frame), $"{allocated} bytes were allocated for a frame of {frame.Length}: {Convert.ToBase64String(frame)}");
        // Of the envelope, whose reader says it so.
        var isExpected = problem is null or InvalidDataException or WireFormatException { InnerException: null or ArgumentException or CodecNotFoundException };
        Assert.True(isExpected, $"{problem}\n{Convert.ToBase64String(frame)}");
    }

    private static long Limit(byte[] frame) => MostBytesBeside + (frame.Length * MostBytesPerByte);

    private static Exception? Decode(Sample sample, byte[] frame, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var (head, payloads) = Wire.Split(frame, LongestFrame);
            return DecodeBody(sample, head, payloads);
        }
        catch (Exception exception) when (exception is InvalidMessageFrameException or EndOfStreamException)
        {
            return exception;
        }
        finally
        {
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static Exception? DecodeBody(Sample sample, ReadOnlySequence<byte> head, byte[][] payloads)
    {
        try
        {
            sample.Decode(head, payloads);
            return null;
        }
        catch (Exception exception)
        {
            // Ends of streams are the gate's.
            return exception is EndOfStreamException ? new InvalidOperationException("Not the codec's to throw.", exception) : exception;
        }
    }

    private Sample Pick() => _samples[_random.Next(_samples.Count)];

    private byte[] Change(byte[] frame)
    {
        var changed = frame.ToArray();
        if (_random.Next(8) == 0)
        {
            ChangeOnce(ref changed, 0);
            return changed;
        }

        // Only the head, whose length is then made right; the payloads stay.
        var count = BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(8));
        var start = FrameFormat.PrefixLength(count);
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(4));
        var head = frame.AsSpan(start, length).ToArray();
        for (var changes = 1 + (_random.Next(3) * _random.Next(4)); changes > 0; changes--) ChangeOnce(ref head, 0);
        changed = [.. frame.AsSpan(0, start), .. head, .. frame.AsSpan(start + length)];
        BinaryPrimitives.WriteInt32LittleEndian(changed, changed.Length - sizeof(uint));
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(4), head.Length);
        return changed;
    }

    private void ChangeOnce(ref byte[] bytes, int start)
    {
        if (bytes.Length <= start) return;
        var place = _random.Next(start, bytes.Length);
        switch (_random.Next(8))
        {
            case 0:
                bytes[place] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[place] = Telling[_random.Next(Telling.Length)];
                break;
            case 2:
                bytes[place] = (byte)_random.Next(256);
                break;
            case 3:
                bytes = bytes[..place];
                break;
            case 4:
                var other = Pick().Frame;
                var from = _random.Next(other.Length);
                bytes = [.. bytes.AsSpan(0, place), .. other.AsSpan(from, _random.Next(Math.Min(64, other.Length - from))), .. bytes.AsSpan(place)];
                break;
            case 5:
                bytes = [.. bytes.AsSpan(0, place), .. bytes.AsSpan(_random.Next(place, bytes.Length))];
                break;
            case 6:
                // A length, far too large or a little.
                bytes = [.. bytes.AsSpan(0, place), 0xFF, 0xFF, 0xFF, (byte)_random.Next(256), (byte)_random.Next(16), .. bytes.AsSpan(place + 1)];
                break;
            default:
                bytes = [.. bytes.AsSpan(0, place), .. bytes.AsSpan(place, _random.Next(Math.Min(32, bytes.Length - place))), .. bytes.AsSpan(place)];
                break;
        }
    }

    private void AddMethod(GrainMethod method, RandomValues values)
    {
        var request = MessageTests.Create(method);
        for (var index = 0; index < method.ParameterTypes.Length; index++) request.SetArgument(index, values.Create(method.ParameterTypes[index]));
        var message = new Message(GrainId.Create("target", "a/b"), GrainId.Create("sender", "c"), request, MessageOptions.AlwaysInterleave);
        Add(frame => EncodeMessage(message, frame), DecodeMessage);
        var result = method.Method.ReturnType.GetGenericArguments();
        if (result.Length > 0) request.BoxedResult = values.Create(result[0]);
        Add(frame => Wire.Codec.EncodeResult(request, frame), (head, payloads) => Wire.Codec.DecodeResponse(head, payloads, MessageTests.Create(method)));
    }

    // As a connection does it: who calls whom, then the call.
    private static void EncodeMessage(Message message, FrameWriter frame)
    {
        Envelope.Write(frame, 7, message);
        Wire.Codec.EncodeRequest(message.Request, frame);
    }

    private static void DecodeMessage(ReadOnlySequence<byte> head, byte[][] payloads)
    {
        var rest = head.FirstSpan;
        var (_, callId) = Envelope.ReadStart(rest);
        rest = rest[Envelope.StartLength..];
        var envelope = Envelope.Read(callId, ref rest);
        Wire.Codec.DecodeRequest(head.Slice(head.Length - rest.Length), payloads, envelope.IsCancellable);
    }

    private void Add(Action<FrameWriter> encode, Action<ReadOnlySequence<byte>, byte[][]> decode)
    {
        using var frame = new FrameWriter();
        encode(frame);
        Assert.InRange(frame.Length, 1, LongestFrame);
        _samples.Add(new Sample(Wire.Join(frame), decode));
    }

    // What the project's own messages do not have.
    private static IEnumerable<object?> Odd()
    {
        var leaf = new WireBigLeaf("big") { Far = new WireLeaf() };
        var tree = new WireTree("tree", leaf, leaf);
        tree.Self = tree;
        tree.Anything = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1, ["b"] = new[] { 1.5, 2.5 }, ["c"] = leaf };
        yield return tree;
        yield return new object?[] { tree, 1, "two", 3.0m, DateTime.UtcNow, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)), Guid.NewGuid(), null };
        yield return new List<(int, string)> { (1, "a"), (2, "b") };
        yield return new HashSet<string>(["a", "b"]);
        yield return new SortedDictionary<string, long[]> { ["a"] = [1, 2], ["b"] = [] };
        yield return new Queue<object>([new Stack<int>([1, 2]), new Uri("https://example.org"), System.Net.IPAddress.Loopback]);
        yield return new VersionTests.New { First = leaf, Before = new VersionTests.Item(), Last = new VersionTests.Item() };
        yield return Wire.References.Create<IWireGrain>(GrainId.Create("wire", "9"));
        yield return new WireRefusedException("as a value", 3);
        yield return Tuple.Create(1, (2, 3, 4, 5, 6, 7, 8, 9, 10), new WirePair<WireLeaf>(leaf, leaf));
    }

    private sealed record Sample(byte[] Frame, Action<ReadOnlySequence<byte>, byte[][]> Decode);
}
