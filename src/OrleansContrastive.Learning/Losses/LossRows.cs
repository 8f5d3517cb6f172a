using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Losses;

/// <summary>What the losses ask of their inputs, and the precision they compute in.</summary>
internal static class LossRows
{
    /// <summary>Where softplus may be the identity: exp(−40) is nothing beside 40 in float64.</summary>
    public const double Linear = 40;

    /// <summary>Rows shorter than this have no direction.</summary>
    private const double Shortest = 1e-12;

    /// <summary>float64 where the tensor is, float32 otherwise: bfloat16 rounds a logit of 100 to halves.</summary>
    public static ScalarType Precision(Tensor tensor) =>
        tensor.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>The tensor in <see cref="Precision"/>.</summary>
    public static Tensor Widen(Tensor tensor) => tensor.to_type(Precision(tensor));

    /// <summary>The second of a pair in the precision of the first.</summary>
    public static Tensor WidenAs(Tensor tensor, Tensor first) => tensor.to_type(Precision(first));

    /// <summary>Refuses anything but [N, D] with N of at least <paramref name="least"/>.</summary>
    public static void RequireRows(Tensor rows, long least = 1, [CallerArgumentExpression(nameof(rows))] string name = "")
    {
        if (rows.dim() != 2)
        {
            throw new ArgumentException($"The {name} are {Shape(rows)}; expected [N, D].", name);
        }

        if (rows.shape[0] < least || rows.shape[1] < 1)
        {
            throw new ArgumentException($"The {name} are {Shape(rows)}; expected [N, D] with N of at least {least} and D of at least 1.", name);
        }
    }

    /// <summary>Refuses anything but two tensors of one shape [N, D] with N of at least <paramref name="least"/>.</summary>
    public static void RequirePairs(
        Tensor first,
        Tensor second,
        long least = 1,
        [CallerArgumentExpression(nameof(first))] string firstName = "",
        [CallerArgumentExpression(nameof(second))] string secondName = "")
    {
        RequireRows(first, least, firstName);
        if (!first.shape.SequenceEqual(second.shape))
        {
            throw new ArgumentException(
                $"The {firstName} are {Shape(first)} and the {secondName} {Shape(second)}; expected the same [N, D].", secondName);
        }
    }

    /// <summary>Refuses a list that has not one entry for each row.</summary>
    public static void RequireOnePerRow<T>(Tensor rows, IReadOnlyList<T> list, [CallerArgumentExpression(nameof(list))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(list, name);
        if (list.Count != rows.shape[0])
        {
            throw new ArgumentException($"There are {list.Count} {name}; expected {rows.shape[0]}, one for each row.", name);
        }
    }

    /// <summary>Refuses labels of which no two are alike, or all are.</summary>
    public static void RequirePositiveAndNegative(IReadOnlyList<long> labels)
    {
        _ = Anchors(labels);
        if (labels.All(label => label == labels[0]))
        {
            throw new ArgumentException($"All {labels.Count} rows have the label {labels[0]}; expected two labels at least.", nameof(labels));
        }
    }

    /// <summary>The places of the rows that have another of their label; an error where there is none.</summary>
    public static long[] Anchors(IReadOnlyList<long> labels)
    {
        var sharing = labels.CountBy(label => label).ToDictionary();
        long[] anchors = [.. Enumerable.Range(0, labels.Count).Where(row => sharing[labels[row]] > 1).Select(row => (long)row)];
        return anchors.Length > 0 ? anchors : throw new ArgumentException(
            $"No two of the {labels.Count} rows have one label; expected a positive for one row at least.", nameof(labels));
    }

    /// <summary>
    /// Rows of length 1 in the precision of the losses. A row shorter than 1e-12 has no direction: it becomes (nearly) zero
    /// and gets no gradient, where the quotient's would be without bound.
    /// </summary>
    public static Tensor Unit(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var wide = Widen(rows);
        var length = linalg.vector_norm(wide, 2, [1], keepdim: true);
        var unit = wide.div(length.clamp_min(Shortest));
        return unit.where(length.gt(Shortest), zeros_like(unit)).MoveToOuterDisposeScope();
    }

    /// <summary>[N, N], true where i = j.</summary>
    public static Tensor Diagonal(long count, Device device) => eye(count, dtype: ScalarType.Bool, device: device);

    /// <summary>[N, N], true where two rows have one label; a row has its own.</summary>
    public static Tensor SameLabel(IReadOnlyList<long> labels, Device device)
    {
        using var scope = NewDisposeScope();
        var column = tensor(labels.ToArray(), device: device);
        return column.unsqueeze(1).eq(column.unsqueeze(0)).MoveToOuterDisposeScope();
    }

    public static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
