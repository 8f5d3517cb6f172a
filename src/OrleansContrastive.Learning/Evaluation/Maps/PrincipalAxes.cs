using System.Numerics.Tensors;

namespace OrleansContrastive.Learning.Evaluation.Maps;

/// <summary>
/// The first principal axes of rows and the rows' places on them (Hotelling, 1933), by iterating a subspace: no matrix of F x F is
/// made. Deterministic; an axis points where its largest component is positive. Stateless.
/// </summary>
public sealed class PrincipalAxes
{
    private const int MostRounds = 500;
    private const double Tolerance = 1e-14;

    private PrincipalAxes(double[][] axes, double[] variances, double total, float[] places) =>
        (Axes, Variances, TotalVariance, Places) = (axes, variances, total, places);

    /// <summary>Unit vectors [F], that of the largest variance first.</summary>
    public IReadOnlyList<double[]> Axes { get; }

    /// <summary>Variance along each axis (divided by the number of rows).</summary>
    public IReadOnlyList<double> Variances { get; }

    /// <summary>Variance along all axes together.</summary>
    public double TotalVariance { get; }

    /// <summary>The rows' places [rows x axes], flat; their mean is 0.</summary>
    public float[] Places { get; }

    /// <summary>Finds the axes.</summary>
    /// <param name="values">[rows x width], row after row.</param>
    /// <param name="width">F, at least 1.</param>
    /// <param name="count">Axes wanted; at most F.</param>
    /// <exception cref="ArgumentException">There are no rows, or the numbers are not rows x width.</exception>
    public static PrincipalAxes Of(float[] values, int width, int count = 2)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, width);
        if (values.Length == 0 || values.Length % width != 0)
            throw new ArgumentException($"Expected rows of {width} numbers, found {values.Length} numbers.", nameof(values));

        var rows = values.Length / width;
        var centred = Centre(values, rows, width);
        var total = TensorPrimitives.SumOfSquares<double>(centred) / rows;
        var axes = new double[count][];
        // Any start that is not orthogonal to an axis will do.
        for (var axis = 0; axis < count; axis++) axes[axis] = [.. Enumerable.Range(0, width).Select(i => Math.Sin(1 + i + (axis * 1.7)) + (i % (axis + 2) == 0 ? 1 : 0))];
        Orthonormalise(axes);
        for (var round = 0; round < MostRounds; round++)
        {
            var next = axes.Select(axis => Multiply(centred, rows, width, axis)).ToArray();
            Orthonormalise(next);
            var still = next.Zip(axes, (a, b) => 1 - Math.Abs(TensorPrimitives.Dot<double>(a, b))).Max();
            axes = next;
            if (still < Tolerance) break;
        }

        var variances = axes.Select(axis => Math.Max(0, TensorPrimitives.Dot<double>(Multiply(centred, rows, width, axis), axis)) / rows).ToArray();
        var order = Enumerable.Range(0, count).OrderByDescending(axis => variances[axis]).ToArray();
        axes = [.. order.Select(axis => Oriented(axes[axis]))];
        var places = new float[rows * count];
        for (var row = 0; row < rows; row++)
        {
            for (var axis = 0; axis < count; axis++) places[(row * count) + axis] = (float)TensorPrimitives.Dot<double>(centred.AsSpan(row * width, width), axes[axis]);
        }

        return new(axes, [.. order.Select(axis => variances[axis])], total, places);
    }

    private static double[] Centre(float[] values, int rows, int width)
    {
        var centred = new double[values.Length];
        TensorPrimitives.ConvertTruncating<float, double>(values, centred);
        var mean = new double[width];
        for (var row = 0; row < rows; row++) TensorPrimitives.Add(mean, centred.AsSpan(row * width, width), mean);
        TensorPrimitives.Divide(mean, rows, mean);
        for (var row = 0; row < rows; row++) TensorPrimitives.Subtract(centred.AsSpan(row * width, width), mean, centred.AsSpan(row * width, width));
        return centred;
    }

    // Xᵀ(X a)
    private static double[] Multiply(double[] centred, int rows, int width, double[] axis)
    {
        var result = new double[width];
        for (var row = 0; row < rows; row++)
        {
            var values = centred.AsSpan(row * width, width);
            TensorPrimitives.MultiplyAdd(values, TensorPrimitives.Dot<double>(values, axis), result, result);
        }

        return result;
    }

    // Gram and Schmidt; a vector that nothing is left of becomes a unit vector, so that rows without variance have axes too.
    private static void Orthonormalise(double[][] axes)
    {
        for (var i = 0; i < axes.Length; i++)
        {
            for (var attempt = 0; ; attempt++)
            {
                for (var twice = 0; twice < 2; twice++)
                {
                    for (var j = 0; j < i; j++) TensorPrimitives.MultiplyAdd(axes[j], -TensorPrimitives.Dot<double>(axes[i], axes[j]), axes[i], axes[i]);
                }

                var length = TensorPrimitives.Norm<double>(axes[i]);
                if (length > 1e-150)
                {
                    TensorPrimitives.Divide(axes[i], length, axes[i]);
                    break;
                }

                axes[i] = new double[axes[i].Length];
                axes[i][attempt] = 1;
            }
        }
    }

    private static double[] Oriented(double[] axis)
    {
        if (axis[TensorPrimitives.IndexOfMaxMagnitude<double>(axis)] < 0) TensorPrimitives.Negate(axis, axis);
        return axis;
    }
}
