namespace OrleansContrastive.Offline.Imaging;

/// <summary>A file is broken, or uses a variant of its format that is not decoded.</summary>
public sealed class CodecException : Exception
{
    /// <param name="codec">The format.</param>
    /// <param name="reason">What is wrong, as the codec says it.</param>
    /// <param name="isUnsupported">Whether the file may be sound, but of a variant that is not decoded.</param>
    public CodecException(string codec, string reason, bool isUnsupported = false)
        : base($"{codec}: {reason}") => (Reason, IsUnsupported) = (reason, isUnsupported);

    /// <summary>What is wrong.</summary>
    public string Reason { get; }

    /// <summary>Whether the file may be sound, but of a variant that is not decoded.</summary>
    public bool IsUnsupported { get; }
}

/// <summary>The native library behind a codec is not on this machine.</summary>
public sealed class CodecMissingException : Exception
{
    /// <param name="codec">The format.</param>
    /// <param name="library">The library that was looked for.</param>
    /// <param name="debianPackage">The package that brings it.</param>
    public CodecMissingException(string codec, string library, string debianPackage)
        : base($"{codec} needs {library}, which is not on this machine: install the Debian package {debianPackage}.") =>
        DebianPackage = debianPackage;

    /// <summary>The Debian package that brings the library.</summary>
    public string DebianPackage { get; }
}
