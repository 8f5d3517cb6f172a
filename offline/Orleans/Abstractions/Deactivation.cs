namespace Orleans;

/// <summary>Why an activation ends, as a code.</summary>
[GenerateSerializer]
public enum DeactivationReasonCode : byte
{
    /// <summary>No reason given.</summary>
    None = 0,

    /// <summary>The silo stops.</summary>
    ShuttingDown = 1,

    /// <summary>The activation could not start.</summary>
    ActivationFailed = 2,

    /// <summary>The directory did not accept it.</summary>
    DirectoryFailure = 3,

    /// <summary>It was idle for longer than its collection age.</summary>
    ActivationIdle = 4,

    /// <summary>It did not answer.</summary>
    ActivationUnresponsive = 5,

    /// <summary>Another activation of the same grain exists.</summary>
    DuplicateActivation = 6,

    /// <summary>It received a request that it cannot serve.</summary>
    IncompatibleRequest = 7,

    /// <summary>The grain's own code failed in a way that ends it.</summary>
    ApplicationError = 8,

    /// <summary>The grain asked for it.</summary>
    ApplicationRequested = 9,

    /// <summary>It moves to another silo.</summary>
    Migrating = 10,

    /// <summary>The runtime asked for it.</summary>
    RuntimeRequested = 11,

    /// <summary>Memory was short.</summary>
    HighMemoryPressure = 12,
}

/// <summary>Why an activation ends.</summary>
public readonly struct DeactivationReason
{
    /// <summary>A reason without an exception.</summary>
    public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }

    /// <summary>A reason with the exception that led to it.</summary>
    public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
    {
        ReasonCode = code;
        Exception = exception;
        Description = text;
    }

    /// <summary>The reason as a code.</summary>
    public DeactivationReasonCode ReasonCode { get; }

    /// <summary>The reason in words.</summary>
    public string Description { get; }

    /// <summary>What led to it, if an exception did.</summary>
    public Exception? Exception { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description} Exception: {Exception}";
}
