using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OrleansContrastive.Checkpoints.Tensors;

/// <summary>Where a tensor lies in the data part of its file.</summary>
internal readonly record struct TensorRange(string Name, TensorType Type, long[] Shape, long Begin, long End);

/// <summary>The JSON header: parsed with every check that the format allows, or written.</summary>
internal static class SafeTensorsHeader
{
    /// <summary>Parses the header; the ranges come in the order of the data and cover it without a gap.</summary>
    public static (List<TensorRange> Tensors, Dictionary<string, string> Metadata) Parse(ReadOnlySpan<byte> json, string source)
    {
        var tensors = new List<TensorRange>();
        var metadata = new Dictionary<string, string>();
        var names = new HashSet<string>();
        try
        {
            var reader = new Utf8JsonReader(json);
            Expect(ref reader, JsonTokenType.StartObject, source, "the header");
            while (Next(ref reader, source) == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                if (!names.Add(name)) throw new SafeTensorsException(source, SafeTensorsFault.DuplicateName, $"'{name}' stands twice.");
                if (name == SafeTensors.MetadataName) ParseMetadata(ref reader, metadata, source);
                else tensors.Add(ParseTensor(ref reader, name, source));
            }

            // Writers pad with spaces; anything else after the object makes this throw.
            while (reader.Read())
            {
            }
        }
        catch (JsonException fault)
        {
            throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"the header is not valid JSON: {fault.Message}");
        }
        catch (InvalidOperationException fault)
        {
            // Escapes and surrogates that are no text are found only when a string is taken.
            throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"the header holds a string that is no text: {fault.Message}");
        }

        CheckOrder(tensors, source);
        return (tensors, metadata);
    }

    /// <summary>Writes the header for tensors that will follow each other in the given order.</summary>
    public static byte[] Write(IReadOnlyList<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(SafeTensors.MetadataName);
                foreach (var (key, value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)) writer.WriteString(key, value);
                writer.WriteEndObject();
            }

            var offset = 0L;
            foreach (var tensor in tensors)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Type.Name());
                WriteNumbers(writer, "shape", tensor.Shape);
                WriteNumbers(writer, "data_offsets", [offset, offset + tensor.Data.Length]);
                writer.WriteEndObject();
                offset += tensor.Data.Length;
            }

            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IReadOnlyList<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers) writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    private static void ParseMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata, string source)
    {
        Expect(ref reader, JsonTokenType.StartObject, source, SafeTensors.MetadataName);
        while (Next(ref reader, source) == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, source, $"{SafeTensors.MetadataName}.{key}");
            metadata[key] = reader.GetString()!;
        }
    }

    private static TensorRange ParseTensor(ref Utf8JsonReader reader, string name, string source)
    {
        string? typeName = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, source, $"'{name}'");
        while (Next(ref reader, source) == JsonTokenType.PropertyName)
        {
            var property = reader.GetString();
            var what = $"'{name}'.{property}";
            switch (property)
            {
                case "dtype":
                    Expect(ref reader, JsonTokenType.String, source, what);
                    typeName = reader.GetString();
                    break;
                case "shape":
                    shape = ParseNumbers(ref reader, source, what);
                    break;
                case "data_offsets":
                    offsets = ParseNumbers(ref reader, source, what);
                    break;
                default:
                    throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"{what} is not a property of a tensor.");
            }
        }

        if (typeName is null || shape is null || offsets is not [var begin, var end])
        {
            throw new SafeTensorsException(
                source, SafeTensorsFault.HeaderSyntax, $"'{name}' needs dtype, shape and two data_offsets; one of them is missing.");
        }

        if (!TensorTypes.TryParse(typeName, out var type))
        {
            throw new SafeTensorsException(
                source, SafeTensorsFault.UnknownType, $"'{name}' has dtype '{typeName}'; known are {string.Join(", ", TensorTypes.Names)}.");
        }

        return Checked(new TensorRange(name, type, [.. shape], begin, end), source);
    }

    private static TensorRange Checked(TensorRange tensor, string source)
    {
        var (name, type, shape, begin, end) = tensor;
        var described = $"'{name}' {type.Name()} [{string.Join(", ", shape)}]";
        long expected;
        try
        {
            expected = shape.Any(size => size < 0) ? -1 : NamedTensor.ByteCount(shape, type);
        }
        catch (OverflowException)
        {
            expected = -1;
        }

        if (expected < 0) throw new SafeTensorsException(source, SafeTensorsFault.Shape, $"{described} has no possible size.");
        if (begin < 0 || end < begin || end - begin != expected)
        {
            throw new SafeTensorsException(
                source, SafeTensorsFault.Size, $"{described} needs {expected} bytes, found the range {begin} to {end}.");
        }

        if (begin % type.Size() != 0)
        {
            throw new SafeTensorsException(
                source, SafeTensorsFault.Unaligned, $"{described} starts at {begin}; expected a multiple of {type.Size()}.");
        }

        return tensor;
    }

    private static void CheckOrder(List<TensorRange> tensors, string source)
    {
        tensors.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        var (covered, previous) = (0L, "the header");
        foreach (var tensor in tensors)
        {
            if (tensor.Begin < covered)
            {
                throw new SafeTensorsException(
                    source, SafeTensorsFault.Overlap, $"'{tensor.Name}' starts at {tensor.Begin}, before the end of '{previous}' at {covered}.");
            }

            if (tensor.Begin > covered)
            {
                throw new SafeTensorsException(
                    source, SafeTensorsFault.Hole, $"bytes {covered} to {tensor.Begin} before '{tensor.Name}' belong to no tensor.");
            }

            (covered, previous) = (tensor.End, tensor.Name);
        }
    }

    private static List<long> ParseNumbers(ref Utf8JsonReader reader, string source, string what)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, source, what);
        while (Next(ref reader, source) == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out var number))
                throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"{what} holds a number that is not a 64-bit integer.");
            numbers.Add(number);
        }

        return reader.TokenType == JsonTokenType.EndArray
            ? numbers
            : throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"{what} holds a {reader.TokenType}, expected integers.");
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader, string source) =>
        reader.Read() ? reader.TokenType : throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, "the header's JSON is empty.");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string source, string what)
    {
        if (Next(ref reader, source) != token)
            throw new SafeTensorsException(source, SafeTensorsFault.HeaderSyntax, $"{what} is a {reader.TokenType}, expected a {token}.");
    }
}
