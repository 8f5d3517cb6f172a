using System.Reflection;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Offline.Tests.Actors;

/// <summary>Everything that the project's grains say to each other comes over the wire as it was.</summary>
public sealed class MessageTests
{
    private const int Rounds = 50;

    private static readonly MethodInfo SendMethod = typeof(Wire).GetMethod(nameof(Wire.Send))!;

    public static TheoryData<Type> MessageTypes() => [.. typeof(RunSpec).Assembly.GetTypes()
        .Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), false))];

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_arrives_as_it_was(Type type)
    {
        var values = new RandomValues(7);
        var send = SendMethod.MakeGenericMethod(type);
        for (var round = 0; round < Rounds; round++)
        {
            var value = values.Create(type);
            RandomValues.AssertAlike(value, send.Invoke(null, [value]), type.Name);
        }
    }

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_arrives_where_its_type_is_not_said(Type type)
    {
        var value = new RandomValues(8).Create(type);
        RandomValues.AssertAlike(value, Wire.Send<object?>(value), type.Name);
    }

    [Fact]
    public void A_request_of_every_method_arrives_as_it_was()
    {
        var values = new RandomValues(9);
        var methods = typeof(RunSpec).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type))
            .SelectMany(type => type.GetMethods()).ToArray();
        Assert.NotEmpty(methods);
        foreach (var method in methods)
        {
            var known = GrainMethod.Of(method);
            var request = Create(known);
            for (var index = 0; index < known.ParameterTypes.Length; index++) request.SetArgument(index, values.Create(known.ParameterTypes[index]));
            var received = Wire.SendRequest(request);
            Assert.Same(method, received.GetMethod());
            for (var index = 0; index < known.ParameterTypes.Length; index++)
                RandomValues.AssertAlike(request.GetArgument(index), received.GetArgument(index), $"{method.Name} {index}");
        }
    }

    [Fact]
    public void A_result_of_every_method_arrives_as_it_was()
    {
        var values = new RandomValues(10);
        foreach (var method in typeof(RunSpec).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).SelectMany(type => type.GetMethods()))
        {
            var request = Create(GrainMethod.Of(method));
            var type = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : null;
            var result = type is null ? null : values.Create(type);
            if (type is not null) request.BoxedResult = result;
            using var frame = new FrameWriter();
            Wire.Codec.EncodeResult(request, frame);
            var (head, payloads) = Wire.Split(Wire.Join(frame));
            var caller = Create(GrainMethod.Of(method));
            Assert.Null(Wire.Codec.DecodeResponse(head, payloads, caller));
            RandomValues.AssertAlike(result, caller.BoxedResult, method.Name);
        }
    }

    [Fact]
    public void Requests_with_more_arguments_than_a_tuple_has_fields_arrive()
    {
        var known = GrainMethod.Of(typeof(IWireGrain).GetMethod(nameof(IWireGrain.ManyAsync))!);
        var reference = Wire.References.Create<IWireGrain>(GrainId.Create("wire", "9"));
        object?[] arguments = [1, "b", new[] { 3L }, 4.5, Guid.NewGuid(), TimeSpan.FromSeconds(6), new byte[] { 7 }, 8, reference];
        var request = Create(known);
        for (var index = 0; index < arguments.Length; index++) request.SetArgument(index, arguments[index]);
        var received = Wire.SendRequest(request);
        for (var index = 0; index < arguments.Length; index++) Assert.Equal(arguments[index], received.GetArgument(index));
    }

    [Fact]
    public void Only_requests_that_can_be_cancelled_have_a_source_at_the_callee()
    {
        var request = Create(GrainMethod.Of(typeof(IWireGrain).GetMethod(nameof(IWireGrain.NothingAsync))!));
        Assert.True(Wire.SendRequest(request).GetCancellationToken().CanBeCanceled);
        var other = Create(GrainMethod.Of(typeof(IWireGrain).GetMethod(nameof(IWireGrain.AnythingAsync))!));
        Assert.False(Wire.SendRequest(other).GetCancellationToken().CanBeCanceled);
    }

    internal static Request Create(GrainMethod method)
    {
        var types = method.GetType().GetGenericArguments();
        return (Request)Activator.CreateInstance(typeof(Request<,>).MakeGenericType(types), method, Activator.CreateInstance(types[0]))!;
    }
}
