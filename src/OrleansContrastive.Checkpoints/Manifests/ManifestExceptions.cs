namespace OrleansContrastive.Checkpoints.Manifests;

/// <summary>Another writer has already published the checkpoint of this version; nothing of theirs was changed.</summary>
public sealed class CheckpointConflictException : CheckpointException
{
    /// <summary>Creates the exception for a version that is taken, or a term that has been followed by another.</summary>
    public CheckpointConflictException(string message)
        : base(message)
    {
    }
}

/// <summary>A file of a published checkpoint is missing or is not the one that was written.</summary>
public sealed class CheckpointCorruptedException : CheckpointException
{
    /// <summary>Creates the exception for one file.</summary>
    /// <param name="file">The damaged file, with where it lies.</param>
    /// <param name="expected">What the manifest says.</param>
    /// <param name="found">What is there.</param>
    public CheckpointCorruptedException(string file, string expected, string found)
        : base($"{file} is damaged: expected {expected}, found {found}.")
    {
        File = file;
        Expected = expected;
        Found = found;
    }

    /// <summary>The damaged file, with where it lies.</summary>
    public string File { get; }

    /// <summary>What the manifest says.</summary>
    public string Expected { get; }

    /// <summary>What is there.</summary>
    public string Found { get; }
}
