namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>A conditional write or deletion found another state than it asked for; nothing was changed.</summary>
public sealed class ConditionFailedException : CheckpointException
{
    /// <summary>Creates the exception for a key whose object carries <paramref name="foundETag"/> (null: there is none).</summary>
    public ConditionFailedException(string key, WriteCondition condition, string? foundETag)
        : base($"'{key}' was not changed: expected {condition}, found {(foundETag is null ? "no object" : $"ETag {foundETag}")}.")
    {
        Key = key;
        FoundETag = foundETag;
    }

    /// <summary>The key that was to be written or deleted.</summary>
    public string Key { get; }

    /// <summary>The tag of the object that is stored there, or null where there is none.</summary>
    public string? FoundETag { get; }
}
