using System.Buffers.Binary;
using System.Globalization;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Optimizers;
using TorchSharp;

namespace OrleansContrastive.Grains.Shards;

/// <summary>
/// A parameter shard as tensors of a checkpoint: <c>query.</c>, <c>key.</c>, <c>velocity.</c>, <c>meansquare.</c> and
/// <c>secondmoment.</c> before the network's own (torchvision's) names, so that other tools find what they know; with a second
/// moment also <c>steps</c>, the updates that its bias is corrected by.
/// </summary>
internal static class ParameterFiles
{
    private const string Query = "query.";
    private const string Key = "key.";
    private const string Velocity = "velocity.";
    private const string Base = "base.";
    private const string MeanSquare = "meansquare.";
    private const string SecondMoment = "secondmoment.";
    private const string Steps = "steps";

    /// <summary>Name of a shard's file in a checkpoint.</summary>
    public static string Name(int shard, RunSpec spec) => $"parameters-{shard}-of-{spec.Topology.ParameterShards}.safetensors";

    /// <summary>The tensors of a version. They share its memory.</summary>
    public static IReadOnlyList<NamedTensor> Tensors(ParameterVersion version, ShardLayout layout)
    {
        var tensors = new List<NamedTensor>();
        Add(Query, layout.Parameters, version.Weights);
        Add(Query, layout.Moments, version.Moments);
        Add(Key, layout.Parameters, version.KeyWeights);
        Add(Velocity, layout.Parameters, version.Velocity);
        if (version.MeanSquare.Length > 0) Add(MeanSquare, layout.Parameters, version.MeanSquare);
        if (version.SecondMoment.Length == 0) return tensors;
        Add(SecondMoment, layout.Parameters, version.SecondMoment);
        var steps = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(steps, version.Steps);
        tensors.Add(new(Steps, TensorType.Int64, [1], steps));
        return tensors;

        void Add(string prefix, IReadOnlyList<TensorSlot> slots, ReadOnlyMemory<byte> flat)
        {
            var size = layout.ElementSize;
            foreach (var slot in slots)
                tensors.Add(new(prefix + slot.Name, size == 8 ? TensorType.Float64 : TensorType.Float32, slot.Shape, flat.Slice((int)slot.Offset * size, slot.Length * size)));
        }
    }

    /// <summary>The version that a file holds.</summary>
    /// <param name="content">The file.</param>
    /// <param name="layout">The tensors of the shard.</param>
    /// <param name="version">Its number.</param>
    /// <param name="type">Float32 or Float64.</param>
    /// <param name="adaptive">Whether the run's shards keep what an adaptive correction needs.</param>
    /// <param name="secondMoment">Whether the run's optimizer keeps a second moment.</param>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public static ParameterVersion Restore(
        SafeTensorsContent content, ShardLayout layout, long version, torch.ScalarType type, bool adaptive = false, bool secondMoment = false) => new(
        version,
        type,
        Gather(content, Query, layout.Parameters, layout.ElementSize),
        Gather(content, Velocity, layout.Parameters, layout.ElementSize),
        Gather(content, Key, layout.Parameters, layout.ElementSize),
        Gather(content, Query, layout.Moments, layout.ElementSize),
        adaptive ? Gather(content, MeanSquare, layout.Parameters, layout.ElementSize) : default(ReadOnlyMemory<byte>),
        secondMoment ? Gather(content, SecondMoment, layout.Parameters, layout.ElementSize) : default(ReadOnlyMemory<byte>),
        secondMoment ? StepsOf(content) : null);

    /// <summary>The query or key weights alone, as the layout asks for them.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public static byte[] Weights(SafeTensorsContent content, ShardLayout layout, bool key) =>
        Gather(content, key ? Key : Query, layout.Parameters, layout.ElementSize);

    /// <summary>The running batch-norm moments alone.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public static byte[] Moments(SafeTensorsContent content, ShardLayout layout) =>
        Gather(content, Query, layout.Moments, layout.ElementSize);

    /// <summary>The weights of recent versions, which a follower needs to correct late gradients as its primary does.</summary>
    public static IEnumerable<NamedTensor> Bases(BaseWeights bases, ShardLayout layout) => bases.Kept.Select(kept => new NamedTensor(
        Base + kept.Key.ToString(CultureInfo.InvariantCulture),
        layout.ElementSize == 8 ? TensorType.Float64 : TensorType.Float32,
        [kept.Value.Length / layout.ElementSize],
        kept.Value));

    /// <summary>What <see cref="Bases(BaseWeights, ShardLayout)"/> wrote, oldest first.</summary>
    public static IEnumerable<(long Version, ReadOnlyMemory<byte> Weights)> Bases(SafeTensorsContent content) => content.Tensors
        .Where(tensor => tensor.Name.StartsWith(Base, StringComparison.Ordinal))
        .Select(tensor => (long.Parse(tensor.Name.AsSpan(Base.Length), CultureInfo.InvariantCulture), tensor.Data))
        .OrderBy(kept => kept.Item1);

    private static long StepsOf(SafeTensorsContent content)
    {
        var tensor = content[Steps];
        return tensor.Type == TensorType.Int64 && tensor.Data.Length == sizeof(long)
            ? BinaryPrimitives.ReadInt64LittleEndian(tensor.Data.Span)
            : throw new CheckpointException(
                $"Tensor '{Steps}' of the checkpoint is {tensor.Type} [{string.Join(", ", tensor.Shape)}]; expected one 64-bit integer.");
    }

    private static byte[] Gather(SafeTensorsContent content, string prefix, IReadOnlyList<TensorSlot> slots, int size)
    {
        var flat = new byte[slots.Sum(slot => slot.Length) * size];
        foreach (var slot in slots)
        {
            var tensor = content[prefix + slot.Name];
            if (!tensor.Shape.SequenceEqual(slot.Shape) || tensor.Data.Length != slot.Length * size)
            {
                throw new CheckpointException(
                    $"Tensor '{tensor.Name}' of the checkpoint is {tensor.Type} [{string.Join(", ", tensor.Shape)}]; expected {size * 8}-bit floats [{string.Join(", ", slot.Shape)}].");
            }

            tensor.Data.CopyTo(flat.AsMemory((int)slot.Offset * size));
        }

        return flat;
    }
}
