using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>Features of many images, a row each, and their classes. Safe to read from all threads.</summary>
public sealed class FeatureRows
{
    /// <summary>Takes over the numbers and the classes.</summary>
    /// <param name="values">[rows x width], row after row.</param>
    /// <param name="width">F, the numbers of a row; at least 1.</param>
    /// <param name="labels">Class of each row; -1 where it has none.</param>
    /// <exception cref="ArgumentException">The numbers are not rows x width.</exception>
    public FeatureRows(float[] values, int width, int[] labels)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (values.LongLength != (long)labels.Length * width)
            throw new ArgumentException($"{labels.Length} rows of {width} take {(long)labels.Length * width} numbers, found {values.LongLength}.", nameof(values));
        (Values, Width, Labels) = (values, width, labels);
    }

    /// <summary>All rows, one after the other.</summary>
    public float[] Values { get; }

    /// <summary>F, the numbers of a row.</summary>
    public int Width { get; }

    /// <summary>Class of each row; -1 where it has none.</summary>
    public int[] Labels { get; }

    /// <summary>Number of rows.</summary>
    public int Count => Labels.Length;

    /// <summary>One more than the highest class.</summary>
    public int Classes => Labels.Length == 0 ? 0 : Labels.Max() + 1;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> this[int row] => Values.AsSpan(row * Width, Width);

    /// <summary>The rows as a tensor [N, F] that shares their memory: read only, and only while this object is kept.</summary>
    public Tensor Borrow()
    {
        using var scope = NewDisposeScope();
        return frombuffer(Values, ScalarType.Float32).view(Count, Width).MoveToOuterDisposeScope();
    }

    /// <summary>The classes as a tensor [N] of int64.</summary>
    public Tensor Targets() => tensor(Array.ConvertAll(Labels, label => (long)label));

    /// <summary>The same rows, each divided by its length. The array is new; a row of zeros stays one.</summary>
    public FeatureRows Unit()
    {
        var unit = new float[Values.Length];
        for (var row = 0; row < Count; row++)
        {
            var source = this[row];
            var length = Math.Max(System.Numerics.Tensors.TensorPrimitives.Norm(source), 1e-12f);
            System.Numerics.Tensors.TensorPrimitives.Divide(source, length, unit.AsSpan(row * Width, Width));
        }

        return new(unit, Width, Labels);
    }

    /// <summary>Some of the rows, in the order of the indices.</summary>
    public FeatureRows Select(ReadOnlySpan<int> rows)
    {
        var (values, labels) = (new float[(long)rows.Length * Width], new int[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
        {
            this[rows[i]].CopyTo(values.AsSpan(i * Width, Width));
            labels[i] = Labels[rows[i]];
        }

        return new(values, Width, labels);
    }
}
