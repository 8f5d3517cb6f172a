using Orleans.Serialization;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Whatever bytes come: a value or a refusal, memory in proportion to them, and an end.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Fifty_thousand_changed_frames_are_read_or_refused() => Run(1, 50_000);

    [Fact(Explicit = true)]
    public void A_million_changed_frames_are_read_or_refused() => Run(10, 100_000);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    public void Noise_is_refused(int length)
    {
        var random = new Random(5);
        var noise = new byte[length];
        for (var round = 0; round < 2_000; round++)
        {
            random.NextBytes(noise);
            try
            {
                Wire.Codec.DecodeRequest(new(noise), [], false);
                Assert.Fail($"Noise was read as a request: {Convert.ToBase64String(noise)}");
            }
            catch (WireFormatException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public void Numbers_that_promise_more_than_there_is_allocate_nothing_for_it()
    {
        const int Promised = 60_000;
        var frame = new FrameWriter();
        for (var level = 0; level < WireWriter.MostDepth; level++)
        {
            frame.WriteRaw([((int)WireKind.Sequence << 5) | WireTag.Typed, KnownTypes.Array, 48]);
            frame.WriteVarUInt64(Promised);
        }

        frame.WriteRaw(new byte[2 * Promised]);
        var (head, payloads) = Wire.Split(Wire.Join(frame));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<WireFormatException>(() => Wire.Codec.DecodeValue<object>(head, payloads));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * head.Length);
    }

    private void Run(int rounds, int frames)
    {
        for (var seed = 1; seed <= rounds; seed++)
        {
            var fuzz = new WireFuzz(seed);
            fuzz.Run(frames);
            output.WriteLine(
                $"Seed {seed}: {fuzz.Read} read, {fuzz.Refused} refused; at most {fuzz.MostAllocated:f1} bytes allocated per byte, {fuzz.Slowest.TotalMilliseconds:f1} ms.");
            Assert.True(fuzz.Read > frames / 100, "Hardly a changed frame was read: the changes do not get behind the gate.");
            Assert.True(fuzz.Refused > frames / 10, "Hardly a changed frame was refused.");
            Assert.True(fuzz.Slowest < Patience, $"A frame took {fuzz.Slowest}.");
        }
    }
}
