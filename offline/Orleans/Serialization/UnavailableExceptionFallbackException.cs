namespace Orleans.Serialization;

/// <summary>Stands for an exception whose type is not known to the process that received it; message and stack trace are the original's.</summary>
public sealed class UnavailableExceptionFallbackException : Exception
{
    /// <summary>Without words.</summary>
    public UnavailableExceptionFallbackException() { }

    /// <summary>In words, with what led to it.</summary>
    public UnavailableExceptionFallbackException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The name of the type that is not known here.</summary>
    public string? ExceptionType { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrWhiteSpace(ExceptionType)
        ? $"Unknown exception: {base.ToString()}"
        : $"Unknown exception of type {ExceptionType}: {base.ToString()}";
}
