namespace Orleans.Serialization;

/// <summary>Bytes that came from another process are not what this format, or a type that travels in it, expects.</summary>
internal sealed class WireFormatException : SerializerException
{
    public WireFormatException(string what, string expected, string found)
        : base($"Malformed message: {what}: expected {expected}, found {found}.") { }

    public WireFormatException(string what, string expected, Exception found)
        : base($"Malformed message: {what}: expected {expected}, found {found.GetType().Name}: {found.Message}", found) { }
}
