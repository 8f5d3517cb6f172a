using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>References to grains: the grain's identity and the name of the interface. They call through the receiver's host.</summary>
internal sealed class GrainReferenceCodec<T> : ReferenceCodec<T>
    where T : class
{
    protected override bool IsTracked => false;

    protected override bool TakesDerived => true;

    protected override void WriteBody(WireWriter writer, uint delta, T value)
    {
        if (value is not GrainReference reference)
        {
            throw new CodecNotFoundException(
                $"Could not find a codec for type {value.GetType()}: expected a reference to a grain, found an object of its class.");
        }

        writer.BeginObject(delta, false);
        CodecOf<GrainId>.Write(writer, 0, reference.GrainId);
        CodecOf<IdSpan>.Write(writer, 1, reference.InterfaceType.Value);
        writer.EndObject();
    }

    protected override T ReadBody(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Object, typeof(T));
        reader.Enter();
        var id = CodecOf<GrainId>.Read(reader, reader.ReadTag());
        var name = new GrainInterfaceType(CodecOf<IdSpan>.Read(reader, reader.ReadTag()));
        reader.SkipFields();
        reader.Leave();
        if (id.IsDefault) throw new WireFormatException("a reference to a grain", "an identity", "none");
        var type = reader.Types.FindInterface(name) ?? throw new WireFormatException("a reference to a grain", "a grain interface", $"\"{name}\"");
        // The place may want a base interface of the one that the reference was made with.
        return reader.References.Create(type, id) as T ?? throw new WireFormatException("a reference to a grain", $"a {typeof(T)}", $"{type}");
    }
}
