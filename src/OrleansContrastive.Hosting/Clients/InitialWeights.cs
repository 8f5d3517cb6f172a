using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using TorchSharp;

namespace OrleansContrastive.Hosting.Clients;

/// <summary>Gives a run weights from elsewhere to start from: <see cref="InitialEncoder"/> says where they lie, and reads them.</summary>
public static class InitialWeights
{
    private const string Encoder = "encoder.";

    /// <summary>Checks tensors of torchvision's names against the encoder of a spec, and puts them into the store.</summary>
    /// <param name="store">The run's store.</param>
    /// <param name="spec">What shall be learned.</param>
    /// <param name="tensors">Weights and batch-norm statistics; names may all lie below one prefix, such as <c>module.encoder_q.</c>.</param>
    /// <param name="source">What to call them in messages.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>The spec that starts from them, and the names of tensors that no encoder of the spec has: a classifier's, a head's.</returns>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or holds no numbers; the message says what was expected.</exception>
    public static async Task<(RunSpec Spec, IReadOnlyList<string> PassedOver)> StoreAsync(
        ICheckpointStore store, RunSpec spec, IReadOnlyList<NamedTensor> tensors, string source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var (ours, passedOver) = Match(spec, tensors, source);
        using var file = new MemoryStream();
        await SafeTensors.WriteAsync(file, ours, cancellationToken: cancellationToken).ConfigureAwait(false);
        var content = file.GetBuffer().AsMemory(0, (int)file.Length);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        try
        {
            await store.WriteAsync(InitialEncoder.KeyOf(hash), content, WriteCondition.IfAbsent, cancellationToken).ConfigureAwait(false);
        }
        catch (ConditionFailedException)
        {
            // Another run of this store has started from the same weights.
        }

        return (spec with { Model = spec.Model with { Initial = new() { Sha256 = hash, Source = source } } }, passedOver);
    }

    private static (List<NamedTensor> Ours, List<string> PassedOver) Match(RunSpec spec, IReadOnlyList<NamedTensor> tensors, string source)
    {
        IReadOnlyList<TensorSlot> slots;
        TensorType type;
        using (var scope = torch.NewDisposeScope())
        using (var model = ModelFactory.Create(spec, torch.CPU))
        {
            slots = [.. model.Layout.Parameters.Concat(model.Layout.Moments).Where(slot => slot.Name.StartsWith(Encoder, StringComparison.Ordinal))];
            type = model.Layout.ElementType == torch.ScalarType.Float64 ? TensorType.Float64 : TensorType.Float32;
        }

        var prefix = PrefixOf(tensors, slots[0].Name[Encoder.Length..], slots[^1].Name[Encoder.Length..]);
        var left = tensors.GroupBy(tensor => tensor.Name).ToDictionary(group => group.Key, group => group.First());
        var ours = new List<NamedTensor>();
        var missing = new List<string>();
        foreach (var slot in slots)
        {
            var name = prefix + slot.Name[Encoder.Length..];
            if (!left.Remove(name, out var tensor))
            {
                missing.Add($"'{name}' [{string.Join(", ", slot.Shape)}]");
            }
            else if (!tensor.Shape.SequenceEqual(slot.Shape))
            {
                throw new CheckpointException(
                    $"Tensor '{name}' of {source} is {Describe(tensor)}; encoder {spec.Model.Encoder} for {spec.Dataset.Channels} x {spec.Dataset.ImageSize} x {spec.Dataset.ImageSize} images expects [{string.Join(", ", slot.Shape)}].");
            }
            else
            {
                ours.Add(new(slot.Name, type, [.. slot.Shape], ToType(tensor, type, source)));
            }
        }

        if (missing.Count > 0)
        {
            throw new CheckpointException(
                $"{source} lacks {missing.Count} of the {slots.Count} tensors of encoder {spec.Model.Encoder}: {List(missing)}; it holds {List([.. left.Keys.Select(name => $"'{name}'")])}.");
        }

        return (ours, [.. left.Keys.Where(name => !name.EndsWith("num_batches_tracked", StringComparison.Ordinal))]);
    }

    // The one before the encoder's first tensor; of several networks in a file the first, as MoCo's query before its key.
    private static string PrefixOf(IReadOnlyList<NamedTensor> tensors, string first, string last) => tensors
        .Where(tensor => tensor.Name == first || tensor.Name.EndsWith($".{first}", StringComparison.Ordinal))
        .Select(tensor => tensor.Name[..^first.Length])
        // A block within the encoder has tensors of the same names.
        .Where(prefix => tensors.Any(tensor => tensor.Name == prefix + last))
        .OrderBy(prefix => prefix.Length)
        .FirstOrDefault("");

    private static byte[] ToType(NamedTensor tensor, TensorType type, string source)
    {
        var data = tensor.Data.Span;
        var values = new double[data.Length / tensor.Type.Size()];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = tensor.Type switch
            {
                TensorType.Float64 => MemoryMarshal.Cast<byte, double>(data)[i],
                TensorType.Float32 => MemoryMarshal.Cast<byte, float>(data)[i],
                TensorType.Float16 => (double)MemoryMarshal.Cast<byte, Half>(data)[i],
                TensorType.BFloat16 => BitConverter.Int32BitsToSingle(MemoryMarshal.Cast<byte, short>(data)[i] << 16),
                _ => throw new CheckpointException($"Tensor '{tensor.Name}' of {source} is {Describe(tensor)}; expected F32, F64, F16 or BF16."),
            };
            if (!double.IsFinite(values[i])) throw new CheckpointException($"Tensor '{tensor.Name}' of {source} holds {values[i]} at {i}; expected finite numbers.");
        }

        return type == TensorType.Float64
            ? MemoryMarshal.AsBytes<double>(values).ToArray()
            : MemoryMarshal.AsBytes<float>(Array.ConvertAll(values, value => (float)value)).ToArray();
    }

    private static string Describe(NamedTensor tensor) => $"{tensor.Type.Name()} [{string.Join(", ", tensor.Shape)}]";

    private static string List(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "nothing else",
        <= 6 => string.Join(", ", names),
        _ => $"{string.Join(", ", names.Take(6))} and {names.Count - 6} more",
    };
}
