namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// A store did not answer, or answered that it cannot at the moment, also when asked again. The same call may succeed later.
/// </summary>
public sealed class StoreUnavailableException : CheckpointException
{
    /// <summary>Creates the exception with what was tried, where, and what came of it.</summary>
    public StoreUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>A store refuses whoever asks: no credential was found, or it may not do this. Asking again does not help.</summary>
public sealed class StoreAccessException : CheckpointException
{
    /// <summary>Creates the exception with what was tried, where, and what would be needed.</summary>
    public StoreAccessException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
