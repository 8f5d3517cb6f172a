using System.Globalization;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Learning.Negatives;
using TorchSharp;

namespace OrleansContrastive.Grains.Shards;

/// <summary>A queue shard as tensors of a checkpoint: the rows, oldest first, and a column for each stamp.</summary>
internal static class QueueFiles
{
    private const string FirstSequence = "firstSequence";
    private const string Parts = "parts";

    /// <summary>The tensors of a snapshot, part by part. They share its memory.</summary>
    public static IReadOnlyList<NamedTensor> Tensors(IReadOnlyList<QueueRows> parts) => [.. parts.SelectMany((rows, part) => new NamedTensor[]
    {
        new($"{part}.rows", TypeOf(rows.ElementType), [rows.Count, rows.Width], rows.Vectors),
        Column($"{part}.sample_ids", rows.SampleIds),
        Column($"{part}.key_versions", rows.KeyVersions),
        Column($"{part}.commit_versions", rows.CommitVersions),
        Column($"{part}.ordinals", [.. rows.Ordinals.Select(ordinal => (long)ordinal)]),
    })];

    /// <summary>Where the sequence of a snapshot begins, and in how many parts it lies.</summary>
    public static IReadOnlyDictionary<string, string> Metadata(IReadOnlyList<QueueRows> parts) => new Dictionary<string, string>
    {
        [FirstSequence] = (parts.Count > 0 ? parts[0].FirstSequence : 0).ToString(CultureInfo.InvariantCulture),
        [Parts] = parts.Count.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The snapshot that a file holds.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or its shape does not fit.</exception>
    public static IReadOnlyList<QueueRows> Restore(SafeTensorsContent content, int width, torch.ScalarType type)
    {
        var (first, count) = (Number(content, FirstSequence), Number(content, Parts));
        var parts = new List<QueueRows>();
        for (var part = 0; part < count; part++)
        {
            var rows = content[$"{part}.rows"];
            if (rows.Shape.Count != 2 || rows.Shape[1] != width || rows.Type != TypeOf(type))
                throw new CheckpointException($"Tensor '{rows.Name}' of the checkpoint is {rows.Type} [{string.Join(", ", rows.Shape)}]; expected {type} [n, {width}].");
            parts.Add(new(
                type, width, first, rows.Data, Column(content, $"{part}.sample_ids"), Column(content, $"{part}.key_versions"),
                Column(content, $"{part}.commit_versions"), [.. Column(content, $"{part}.ordinals").Select(ordinal => (int)ordinal)]));
            parts[^1].Validate();
            first = parts[^1].NextSequence;
        }

        return parts;
    }

    private static TensorType TypeOf(torch.ScalarType type) => type == torch.ScalarType.Float64 ? TensorType.Float64 : TensorType.Float32;

    private static long Number(SafeTensorsContent content, string name) =>
        content.Metadata.TryGetValue(name, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new CheckpointException($"The checkpoint's queue has no number '{name}' in its metadata; found '{text}'.");

    private static NamedTensor Column(string name, long[] values) =>
        new(name, TensorType.Int64, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static long[] Column(SafeTensorsContent content, string name) =>
        MemoryMarshal.Cast<byte, long>(content[name].Data.Span).ToArray();
}
