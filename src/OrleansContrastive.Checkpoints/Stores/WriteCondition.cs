namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>What must hold of the stored object for a write or a deletion to happen. The default asks nothing.</summary>
public readonly record struct WriteCondition
{
    private WriteCondition(bool mustBeAbsent, string? requiredETag)
    {
        MustBeAbsent = mustBeAbsent;
        RequiredETag = requiredETag;
    }

    /// <summary>No condition: the last writer wins.</summary>
    public static WriteCondition None => default;

    /// <summary>Nothing may be stored under the key.</summary>
    public static WriteCondition IfAbsent => new(true, null);

    /// <summary>True where the key must be free.</summary>
    public bool MustBeAbsent { get; }

    /// <summary>The tag that the stored object must carry, or null where any will do.</summary>
    public string? RequiredETag { get; }

    /// <summary>The stored object must still be the one that carried <paramref name="etag"/>.</summary>
    public static WriteCondition IfMatch(string etag)
    {
        ArgumentException.ThrowIfNullOrEmpty(etag);
        return new(false, etag);
    }

    /// <summary>Whether an object with this tag (null: no object) fulfils the condition.</summary>
    public bool Holds(string? foundETag) =>
        MustBeAbsent ? foundETag is null : RequiredETag is null || RequiredETag == foundETag;

    /// <inheritdoc/>
    public override string ToString() =>
        MustBeAbsent ? "no object" : RequiredETag is null ? "anything" : $"the object with ETag {RequiredETag}";
}
