using System.Net.Sockets;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Says how it travels, with a member of its own.</summary>
[GenerateSerializer, Alias("oc.offline.refused")]
public sealed class WireRefusedException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}

/// <summary>Errors come over the wire as what they are, as far as the receiver knows them.</summary>
public sealed class FailureTests
{
    public static TheoryData<Exception> Known() =>
    [
        new InvalidOperationException("a"), new IOException("b", 5), new TimeoutException("c"), new ArgumentException("d", "parameter"),
        new ArgumentOutOfRangeException("p", 7, "e"), new ObjectDisposedException("f"), new TaskCanceledException("g"), new OperationCanceledException("h"),
        new SocketException(111), new NullReferenceException(), new SiloUnavailableException("i"), new OrleansMessageRejectionException("j"),
        new OrleansException("k"), new WireFormatException("l", "m", "n"), new CodecNotFoundException("o"), new FileNotFoundException("p", "q"),
        new System.Text.Json.JsonException("r"), new KeyNotFoundException("s"), new OrleansConfigurationException("t"), new NotImplementedException("u"),
    ];

    [Theory]
    [MemberData(nameof(Known), DisableDiscoveryEnumeration = true)]
    public void A_known_error_arrives_with_its_type_and_message(Exception sent)
    {
        var received = Wire.SendFailure(sent);
        Assert.Equal(sent.GetType(), received.GetType());
        Assert.Equal((sent.Message, sent.HResult), (received.Message, received.HResult));
    }

    [Fact]
    public void An_error_arrives_with_where_it_happened_what_led_to_it_and_simple_data()
    {
        var sent = Thrown(new InvalidOperationException("Outer.", Thrown(new InvalidDataException("Inner."))));
        sent.Data["step"] = 7;
        sent.Data["not simple"] = new WireUnknown();
        var received = Wire.SendFailure(sent);
        Assert.Contains(nameof(Thrown), received.StackTrace);
        Assert.Equal("Inner.", Assert.IsType<InvalidDataException>(received.InnerException).Message);
        Assert.Contains(nameof(Thrown), received.InnerException.StackTrace);
        Assert.Equal(7, received.Data["step"]);
        Assert.Single(received.Data);
        var again = Assert.Throws<InvalidOperationException>(void () => throw received);
        Assert.Contains(nameof(Thrown), again.ToString());
    }

    [Fact]
    public void Several_errors_arrive_as_several()
    {
        var received = Assert.IsType<AggregateException>(Wire.SendFailure(new AggregateException("Both.", new IOException("One."), new WireRefusedException("Two.", 2))));
        Assert.Equal("Both. (One.) (Two.)", received.Message);
        Assert.IsType<IOException>(received.InnerException);
        Assert.Equal(2, Assert.IsType<WireRefusedException>(received.InnerExceptions[1]).Code);
    }

    [Fact]
    public void Members_of_errors_that_say_how_they_travel_arrive()
    {
        var refused = Assert.IsType<WireRefusedException>(Wire.SendFailure(new WireRefusedException("Refused.", 42)));
        Assert.Equal(("Refused.", 42), (refused.Message, refused.Code));
        var conflict = Assert.IsType<InconsistentStateException>(Wire.SendFailure(new InconsistentStateException("Conflict.", "stored", "current")));
        Assert.Equal(("stored", "current"), (conflict.StoredEtag, conflict.CurrentEtag));
        Assert.Equal(43, Wire.Send(new WireRefusedException("As an argument.", 43)).Code);
    }

    [Fact]
    public void An_error_of_an_unknown_type_arrives_as_its_text()
    {
        var sent = Thrown(new UnknownException("Something."));
        var received = Assert.IsType<UnavailableExceptionFallbackException>(Wire.SendFailure(sent));
        Assert.Equal(typeof(UnknownException).FullName, received.ExceptionType);
        Assert.Equal("Something.", received.Message);
        Assert.Contains(nameof(Thrown), received.ToString());
        Assert.Contains(nameof(UnknownException), received.ToString());
    }

    [Fact]
    public void An_error_that_cannot_travel_arrives_as_another_that_says_so()
    {
        Exception deep = new InvalidOperationException("The deepest.");
        for (var level = 0; level < 1_000; level++) deep = new InvalidOperationException("Level.", deep);
        Assert.Contains("The deepest.", Assert.IsType<SerializerException>(Wire.SendFailure(deep)).Message);
        Assert.Contains("could not travel", Assert.IsType<SerializerException>(Wire.SendFailure(new SilentException())).Message);
    }

    [Fact]
    public void What_was_written_before_a_failed_error_stays()
    {
        using var frame = new FrameWriter();
        frame.WriteRaw("before"u8);
        frame.Borrow(new byte[10]);
        Wire.Codec.EncodeFailure(new SilentException(), frame);
        Assert.Equal(1, frame.PayloadCount);
        Assert.StartsWith("before", System.Text.Encoding.UTF8.GetString(frame.Segments[0].Span[FrameFormat.PrefixLength(1)..]));
    }

    private static T Thrown<T>(T exception)
        where T : Exception
    {
        try
        {
            throw exception;
        }
        catch (T caught)
        {
            return caught;
        }
    }

    private sealed class UnknownException(string message) : Exception(message);

    private sealed class SilentException : Exception
    {
        public override string Message => throw new NotSupportedException("No message.");
    }
}
