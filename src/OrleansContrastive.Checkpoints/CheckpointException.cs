namespace OrleansContrastive.Checkpoints;

/// <summary>Something stored is missing, damaged or was changed by somebody else; the message names it.</summary>
public class CheckpointException : IOException
{
    /// <summary>Creates the exception with what was expected and what was found.</summary>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with what was expected, what was found, and the cause.</summary>
    public CheckpointException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
