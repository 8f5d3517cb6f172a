namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>The whole content of a stored object and the tag of exactly that content.</summary>
/// <param name="Content">The bytes; a fresh array that belongs to the reader.</param>
/// <param name="ETag">Changes with every write, also with one that writes the same bytes again.</param>
public sealed record StoredObject(ReadOnlyMemory<byte> Content, string ETag);
