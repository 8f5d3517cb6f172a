namespace OrleansContrastive.Learning.Evaluation;

/// <summary>Features of several kinds while they are computed: filled batch by batch, from several threads at once.</summary>
/// <param name="kinds">Kinds of features.</param>
/// <param name="labels">Class of each row; -1 where it has none.</param>
public sealed class FeatureTable(int kinds, int[] labels)
{
    private readonly float[]?[] _values = new float[kinds][];
    private readonly Lock _lock = new();

    /// <summary>Puts the features of consecutive rows in.</summary>
    /// <param name="first">Number of the first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="features">Of each kind [count x width], row after row; a kind has the same width in every batch.</param>
    public void Fill(int first, int count, float[][] features)
    {
        ArgumentNullException.ThrowIfNull(features);
        for (var kind = 0; kind < features.Length; kind++)
        {
            var width = features[kind].Length / count;
            lock (_lock) _values[kind] ??= new float[(long)labels.Length * width];
            features[kind].CopyTo(_values[kind].AsSpan(first * width));
        }
    }

    /// <summary>What was put in, a table for each kind that shares this one's memory.</summary>
    /// <exception cref="InvalidOperationException">Of some kind nothing was put in.</exception>
    public FeatureRows[] ToRows() => [.. _values.Select((values, kind) => values is null
        ? throw new InvalidOperationException($"Features of kind {kind} of {kinds} were never put in.")
        : new FeatureRows(values, values.Length / labels.Length, labels))];
}
