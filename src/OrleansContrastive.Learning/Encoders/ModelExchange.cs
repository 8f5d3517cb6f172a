using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>
/// Moves parameters, gradients and batch-norm moments between a model and flat little-endian bytes, one copy per tensor.
/// Call it on the executor's thread of the model, between steps: never while a recorded forward pass waits for its backward.
/// </summary>
public static class ModelExchange
{
    /// <summary>Overwrites the parameters of a shard.</summary>
    /// <exception cref="ArgumentException">The bytes are not as many as the shard's, or a name is not in the model.</exception>
    public static void LoadParameters(ContrastiveModel m, ShardLayout s, ReadOnlySpan<byte> flat)
    {
        Check(m, s, flat.Length, s.ParameterBytes, "parameters");
        foreach (var slot in s.Parameters) Write(m.ParameterOf(slot), Part(flat, slot, s));
    }

    /// <summary>Overwrites the running statistics of the batch norms of a shard.</summary>
    /// <inheritdoc cref="LoadParameters"/>
    public static void LoadMoments(ContrastiveModel m, ShardLayout s, ReadOnlySpan<byte> flat)
    {
        Check(m, s, flat.Length, s.MomentBytes, "moments");
        foreach (var slot in s.Moments) Write(Running(m, slot), Part(flat, slot, s));
    }

    /// <summary>A copy of the parameters of a shard.</summary>
    public static byte[] ReadParameters(ContrastiveModel m, ShardLayout s)
    {
        Check(m, s);
        var flat = GC.AllocateUninitializedArray<byte>(s.ParameterBytes);
        foreach (var slot in s.Parameters) Read(m.ParameterOf(slot), Target(flat, slot, s));
        return flat;
    }

    /// <summary>A copy of the gradients of a shard's parameters; zero where a parameter took no part in the loss.</summary>
    public static byte[] ReadGradients(ContrastiveModel m, ShardLayout s)
    {
        Check(m, s);
        var flat = GC.AllocateUninitializedArray<byte>(s.ParameterBytes);
        foreach (var slot in s.Parameters)
        {
            using var gradient = m.ParameterOf(slot).grad;
            if (gradient is null) Target(flat, slot, s).Clear();
            else Read(gradient, Target(flat, slot, s));
        }

        return flat;
    }

    /// <summary>Whether no gradient of the model holds an infinity or a NaN.</summary>
    public static bool GradientsAreFinite(ContrastiveModel m)
    {
        ArgumentNullException.ThrowIfNull(m);
        using var scope = NewDisposeScope();
        foreach (var slot in m.Layout.Parameters)
        {
            var gradient = m.ParameterOf(slot).grad;
            if (gradient is null) continue;
            var bytes = gradient.to(CPU).contiguous().bytes;
            var finite = m.Layout.ElementType == ScalarType.Float64
                ? TensorPrimitives.IsFiniteAll<double>(MemoryMarshal.Cast<byte, double>(bytes))
                : TensorPrimitives.IsFiniteAll<float>(MemoryMarshal.Cast<byte, float>(bytes));
            if (!finite) return false;
        }

        return true;
    }

    /// <summary>
    /// The mean and the unbiased variance of every batch norm of a shard in the last training forward pass, averaged over
    /// the splits, in the places of the running statistics.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model has made no forward pass in training yet.</exception>
    public static byte[] ReadBatchMoments(ContrastiveModel m, ShardLayout s)
    {
        Check(m, s);
        var flat = GC.AllocateUninitializedArray<byte>(s.MomentBytes);
        foreach (var slot in s.Moments)
        {
            var (norm, isVariance) = m.NormOf(slot);
            if (!norm.Moments.IsRecorded)
                throw new InvalidOperationException($"'{slot.Name}' has no batch moments: no forward pass in training was made.");

            var (mean, variance) = norm.Moments.Read();
            var values = (isVariance ? variance : mean).Span;
            var target = Target(flat, slot, s);
            if (s.ElementSize == sizeof(double)) MemoryMarshal.AsBytes(values).CopyTo(target);
            else TensorPrimitives.ConvertTruncating(values, MemoryMarshal.Cast<byte, float>(target));
        }

        return flat;
    }

    /// <summary>A copy of the running statistics of a shard's batch norms.</summary>
    public static byte[] ReadMoments(ContrastiveModel m, ShardLayout s)
    {
        Check(m, s);
        var flat = GC.AllocateUninitializedArray<byte>(s.MomentBytes);
        foreach (var slot in s.Moments) Read(Running(m, slot), Target(flat, slot, s));
        return flat;
    }

    private static Tensor Running(ContrastiveModel m, TensorSlot slot)
    {
        var (norm, isVariance) = m.NormOf(slot);
        return isVariance ? norm.RunningVariance : norm.RunningMean;
    }

    private static void Write(Tensor target, ReadOnlySpan<byte> source)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        if (target.device_type == DeviceType.CPU)
        {
            source.CopyTo(target.bytes);
            return;
        }

        var staging = empty(target.shape, dtype: target.dtype, device: CPU);
        source.CopyTo(staging.bytes);
        target.copy_(staging);
    }

    private static void Read(Tensor source, Span<byte> target)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var local = source.device_type == DeviceType.CPU ? source : source.to(CPU);
        (local.is_contiguous() ? local : local.contiguous()).bytes.CopyTo(target);
    }

    private static Span<byte> Target(byte[] flat, TensorSlot slot, ShardLayout s) =>
        flat.AsSpan(checked((int)(slot.Offset * s.ElementSize)), slot.Length * s.ElementSize);

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> flat, TensorSlot slot, ShardLayout s) =>
        flat.Slice(checked((int)(slot.Offset * s.ElementSize)), slot.Length * s.ElementSize);

    private static void Check(ContrastiveModel m, ShardLayout s)
    {
        ArgumentNullException.ThrowIfNull(m);
        ArgumentNullException.ThrowIfNull(s);
        var expected = m.Layout.ElementType == ScalarType.Float64 ? sizeof(double) : sizeof(float);
        if (s.ElementSize != expected)
        {
            throw new ArgumentException(
                $"Shard {s.Shard} holds numbers of {s.ElementSize} bytes, the model numbers of {expected} bytes.");
        }
    }

    private static void Check(ContrastiveModel m, ShardLayout s, int found, int expected, string what)
    {
        Check(m, s);
        if (found != expected)
            throw new ArgumentException($"The {what} of shard {s.Shard} are {expected} bytes, found {found}.");
    }
}
