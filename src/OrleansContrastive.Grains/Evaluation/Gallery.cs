using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Evaluation;
using TorchSharp;

namespace OrleansContrastive.Grains.Evaluation;

/// <summary>The training images' features of one evaluation: here, or a part here and the others at other silos.</summary>
/// <param name="evaluation">What the others know it by.</param>
/// <param name="own">The features of the first images.</param>
/// <param name="labels">Class of every training image, here or elsewhere.</param>
/// <param name="others">Who keeps the features of the other images.</param>
internal sealed class Gallery(long evaluation, FeatureRows[] own, int[] labels, IReadOnlyList<IEvaluationGrain> others)
{
    /// <summary>Class of every training image.</summary>
    public int[] Labels => labels;

    /// <summary>The neighbours of some queries among all training images.</summary>
    public async Task<Neighbours> FindAsync(DeviceExecutor lane, int kind, FeatureRows queries, int first, int count, int most)
    {
        var width = queries.Width;
        var rows = MemoryMarshal.AsBytes(queries.Values.AsSpan(first * width, count * width));
        var request = others.Count == 0 ? null : new NearestRequest
        {
            Evaluation = evaluation,
            Kind = kind,
            Queries = new(ElementType.Float32, [count, width], rows.ToArray()),
            Most = most,
        };
        var asked = others.Select(other => other.NearestAsync(request!)).ToArray();
        var mine = await lane.RunAsync(() =>
        {
            // Borrowed, not copied: each lane sees the whole table.
            using var scope = torch.NewDisposeScope();
            return WeightedKnn.Find(own[kind].Borrow(), queries.Borrow().narrow(0, first, count), most, firstRow: 0);
        });
        var theirs = await Task.WhenAll(asked);
        return Neighbours.Join([mine, .. theirs.Select(block => FromBlock(block, count))], most);
    }

    /// <summary>Neighbours as they travel.</summary>
    public static TensorBlock ToBlock(Neighbours found) => new(ElementType.Int64, [found.Queries, found.Most], MemoryMarshal.AsBytes(found.Keys).ToArray());

    private static Neighbours FromBlock(TensorBlock block, int queries) =>
        new(MemoryMarshal.Cast<byte, ulong>(block.Expect("neighbours", ElementType.Int64, queries, -1).Span).ToArray(), queries);
}
