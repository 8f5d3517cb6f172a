namespace OrleansContrastive.Checkpoints.Tensors;

/// <summary>What is wrong with a safetensors file.</summary>
public enum SafeTensorsFault
{
    /// <summary>The file ends before its header or its data does.</summary>
    Truncated,

    /// <summary>The header's stated length is above the cap, or is zero.</summary>
    HeaderLength,

    /// <summary>The header is not the JSON that the format asks for.</summary>
    HeaderSyntax,

    /// <summary>A name stands twice in the header.</summary>
    DuplicateName,

    /// <summary>An element type that is not known here.</summary>
    UnknownType,

    /// <summary>A shape with a negative size, or too large for 64 bits.</summary>
    Shape,

    /// <summary>A tensor's range is not as long as its shape and type ask for.</summary>
    Size,

    /// <summary>A tensor does not start at a multiple of its element's size.</summary>
    Unaligned,

    /// <summary>Two tensors share bytes.</summary>
    Overlap,

    /// <summary>Bytes that belong to no tensor.</summary>
    Hole,
}

/// <summary>A safetensors file breaks the format; the message names the file, the tensor, the expected and the found.</summary>
public sealed class SafeTensorsException : CheckpointException
{
    /// <summary>Creates the exception for a fault in <paramref name="source"/>.</summary>
    public SafeTensorsException(string source, SafeTensorsFault fault, string detail)
        : base($"{source} is not a valid safetensors file ({fault}): {detail}")
    {
        Fault = fault;
    }

    /// <summary>The kind of fault.</summary>
    public SafeTensorsFault Fault { get; }
}
