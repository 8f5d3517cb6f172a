using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// An encoder's gradients in the form that travels. In bfloat16 what the rounding leaves over goes into the next gradient
/// (error feedback): it counts from the moment that the lease commits, and dies with its encoder. In lockstep there is none:
/// the sum of a step must not depend on who computed its slots. One caller at a time.
/// </summary>
internal sealed class GradientWire
{
    private float[][]? _residuals;
    private float[][]? _next;
    private long _history = -1;
    private int _lost;

    /// <summary>Whether the encoders of a run keep what their roundings leave over.</summary>
    public static bool KeepsResiduals(RunSpec spec) =>
        spec.Wire == WireFormat.BFloat16 && spec.Consistency.Mode != ConsistencyMode.Lockstep;

    /// <summary>Residuals that a roll-back has taken away, since the last call.</summary>
    public int TakeLost()
    {
        var lost = _lost;
        _lost = 0;
        return lost;
    }

    /// <summary>The gradients as they travel. Ask <see cref="Settle"/> before the next ones.</summary>
    public StepGradients Pack(RunView view, StepGradients gradients)
    {
        if (view.Spec.Wire != WireFormat.BFloat16) return gradients;
        if (_history != view.History)
        {
            if (_residuals is not null) _lost++;
            (_history, _residuals, _next) = (view.History, null, null);
        }

        var feedback = KeepsResiduals(view.Spec);
        var packed = new ReadOnlyMemory<byte>[gradients.Shards.Length];
        _next = feedback ? new float[packed.Length][] : null;
        for (var shard = 0; shard < packed.Length; shard++)
        {
            var values = MemoryMarshal.Cast<byte, float>(gradients.Shards[shard].Span);
            var bytes = GC.AllocateUninitializedArray<byte>(values.Length * BrainFloat.Size);
            var target = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
            if (_next is null)
            {
                BrainFloat.Pack(values, target);
            }
            else
            {
                _next[shard] = GC.AllocateUninitializedArray<float>(values.Length);
                BrainFloat.PackWithFeedback(values, _residuals?[shard] ?? new float[values.Length], _next[shard], target);
            }

            packed[shard] = bytes;
        }

        return gradients with { Shards = packed, Type = ElementType.BFloat16 };
    }

    /// <summary>The lease of the last gradients has committed, or was dropped.</summary>
    public void Settle(bool committed)
    {
        if (committed && _next is not null) _residuals = _next;
        _next = null;
    }
}
