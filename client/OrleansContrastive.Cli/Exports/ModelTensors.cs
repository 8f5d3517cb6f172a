using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Learning.Encoders;
using TorchSharp;

namespace OrleansContrastive.Cli.Exports;

/// <summary>
/// The weights of a network under the names that torchvision gives them: <c>conv1.weight</c>, <c>bn1.running_mean</c>,
/// <c>layer1.0.conv1.weight</c>; the head's below <c>head.</c>, by their position in torch's Sequential.
/// </summary>
internal static class ModelTensors
{
    private const string Encoder = "encoder.";
    private const string Head = "head.";

    /// <summary>Parameters and batch-norm statistics, in the order of a torch state dict.</summary>
    /// <param name="model">The network. On its thread.</param>
    /// <param name="head">Whether the head's are among them.</param>
    /// <param name="batches">What <c>num_batches_tracked</c> says; null leaves it out, since only PyTorch's own training looks at it.</param>
    public static IReadOnlyList<NamedTensor> StateDict(ContrastiveModel model, bool head, long? batches)
    {
        var whole = model.Layout.Split(1)[0];
        var (parameters, moments) = (ModelExchange.ReadParameters(model, whole), ModelExchange.ReadMoments(model, whole));
        var norms = whole.Moments.Where(slot => Wanted(slot)).GroupBy(slot => slot.Name[..slot.Name.LastIndexOf('.')]).ToDictionary(group => group.Key);
        var type = model.Layout.ElementType == torch.ScalarType.Float64 ? TensorType.Float64 : TensorType.Float32;
        var tensors = new List<NamedTensor>();
        foreach (var slot in whole.Parameters.Where(Wanted))
        {
            tensors.Add(Part(slot, parameters));
            // A norm's statistics follow its last parameter.
            if (slot.Name.EndsWith(".bias", StringComparison.Ordinal)) AddStatistics(slot.Name[..^".bias".Length]);
        }

        // Some norms of heads have no parameters.
        foreach (var norm in norms.Keys.ToList()) AddStatistics(norm);
        return tensors;

        // Layers that only a method's loss uses, such as a predictor, are no part of what is learned for others.
        bool Wanted(TensorSlot slot) => slot.Name.StartsWith(Encoder, StringComparison.Ordinal) || (head && slot.Name.StartsWith(Head, StringComparison.Ordinal));

        void AddStatistics(string norm)
        {
            if (!norms.Remove(norm, out var slots)) return;
            tensors.AddRange(slots.Select(slot => Part(slot, moments)));
            if (batches is { } count) tensors.Add(new(Name($"{norm}.num_batches_tracked"), TensorType.Int64, [], BitConverter.GetBytes(count)));
        }

        NamedTensor Part(TensorSlot slot, byte[] flat) =>
            new(Name(slot.Name), type, slot.Shape, flat.AsMemory((int)slot.Offset * whole.ElementSize, slot.Length * whole.ElementSize));
    }

    /// <summary>The same numbers in single precision.</summary>
    public static NamedTensor ToSingle(NamedTensor tensor)
    {
        if (tensor.Type == TensorType.Float32) return tensor;
        var numbers = MemoryMarshal.Cast<byte, double>(tensor.Data.Span);
        var bytes = new byte[numbers.Length * sizeof(float)];
        TensorPrimitives.ConvertTruncating(numbers, MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        return tensor with { Type = TensorType.Float32, Data = bytes };
    }

    /// <summary>The shape as a person reads it.</summary>
    public static string Describe(NamedTensor tensor) =>
        $"{tensor.Type.Name()} [{string.Join(", ", tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";

    private static string Name(string name) => name.StartsWith(Encoder, StringComparison.Ordinal) ? name[Encoder.Length..] : name;
}
