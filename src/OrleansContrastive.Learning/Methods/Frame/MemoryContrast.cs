using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Negatives;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>How queries are contrasted with the rows of a memory, wherever these lie.</summary>
public sealed record MemoryContrast
{
    /// <summary>T of the softmax; above 0.</summary>
    public required double Temperature { get; init; }

    /// <summary>Which rows count and how much.</summary>
    public INegativeSampling Sampling { get; init; } = new AllRows();

    /// <summary>Leaves rows of a query's own image out of its negatives.</summary>
    public bool MaskOwnSamples { get; init; } = true;

    /// <summary>The answer of rows that are here.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="sampleIds">Sample of each.</param>
    /// <param name="rows">The memory, on the device of the queries; an empty one gives loss and gradient 0.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="step">Lease and direction, or step of a plain loop: what strategies draw by.</param>
    /// <param name="epoch">Epochs behind it, with the fraction of the one it is in.</param>
    public IReadOnlyList<PartialSoftmax[]> AnswerHere(Tensor queries, long[] sampleIds, INegativeRows rows, ulong seed, long step, double epoch = 0)
    {
        RowColumns.RequireLength(nameof(sampleIds), sampleIds.Length, queries.shape[0]);
        var call = new ContrastCall
        {
            Temperature = Temperature,
            SampleIds = MaskOwnSamples || Sampling is NoiseContrast ? sampleIds : [],
            KeepsOwn = !MaskOwnSamples,
            Seed = seed,
            Step = step,
            Epoch = epoch,
        };
        using var home = Sampling.Begin(queries, call, rows);
        foreach (var (first, count) in home.Ranges(int.MaxValue)) home.Add(first, count);
        return [home.Finish()];
    }

    /// <summary>Loss and gradient from the answers of all homes of the memory. Both have a closed form
    /// (<see cref="InfoNce"/> is the definition), and it is the same one for rows that are here and for rows that stayed at their shards.</summary>
    /// <param name="queries">[B, D] unit rows.</param>
    /// <param name="positives">[B, D] unit rows.</param>
    /// <param name="answers">One answer per home, in index order; empty ones give loss and gradient 0.</param>
    /// <returns>The value, and the gradient of the batch's mean loss with respect to the queries, [B, D] float64.</returns>
    public (LossValue Value, Tensor Gradient) Evaluate(Tensor queries, Tensor positives, IReadOnlyList<PartialSoftmax[]> answers)
    {
        var rows = queries.shape[0];
        var gradient = new double[queries.NumberOfElements];
        var value = Sampling.Evaluate(
            Embeddings.Doubles(queries), Embeddings.Doubles(positives), Sampling.Join(answers), Temperature, gradient);
        return (value, tensor(gradient, [rows, gradient.Length / rows]));
    }
}
