namespace OrleansContrastive.Grains.Evaluation;

/// <summary>Unit rows of many images, filled batch by batch from several threads, and their labels.</summary>
internal sealed class FeatureTable(int rows, int kinds, int[] labels)
{
    private readonly float[]?[] _values = new float[kinds][];
    private readonly Lock _lock = new();

    /// <summary>Number of rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Class of each row.</summary>
    public int[] Labels { get; } = labels;

    /// <summary>All rows of one kind, flat.</summary>
    public float[] Values(int kind) => _values[kind]!;

    /// <summary>Width of the rows of one kind.</summary>
    public int Width(int kind) => _values[kind]!.Length / Rows;

    /// <summary>Puts the features of consecutive images in.</summary>
    public void Fill(int first, int count, float[][] features)
    {
        for (var kind = 0; kind < features.Length; kind++)
        {
            var width = features[kind].Length / count;
            lock (_lock) _values[kind] ??= new float[(long)Rows * width];
            features[kind].CopyTo(_values[kind].AsSpan(first * width));
        }
    }
}
