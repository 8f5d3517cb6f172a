namespace OrleansContrastive.Data.Augmentation;

/// <summary>The same rows of all planes of a view.</summary>
internal readonly ref struct PlaneChunk(Span<float> planes, int planeLength, int first, int length, int channels)
{
    /// <summary>The red plane, or the only one.</summary>
    public Span<float> Red { get; } = planes.Slice(first, length);

    /// <summary>The green plane; empty where there is only one.</summary>
    public Span<float> Green { get; } = channels == 3 ? planes.Slice(planeLength + first, length) : [];

    /// <summary>The blue plane; empty where there is only one.</summary>
    public Span<float> Blue { get; } = channels == 3 ? planes.Slice((2 * planeLength) + first, length) : [];
}
