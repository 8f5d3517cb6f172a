using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Grains.Shards;

/// <summary>
/// Versions in bfloat16, rounded once however many encoders fetch them, and gone with the version. Safe for all threads.
/// </summary>
internal sealed class CompactWeights
{
    private readonly ConditionalWeakTable<ParameterVersion, Entry> _entries = [];

    /// <summary>θ_q or θ_k of a float32 version in bfloat16. Rounded off the caller's turn.</summary>
    public Task<byte[]> OfAsync(ParameterVersion version, ParameterKind kind)
    {
        var entry = _entries.GetValue(version, static version => new(version));
        return (kind == ParameterKind.Query ? entry.Query : entry.Key).Value;
    }

    private sealed class Entry(ParameterVersion version)
    {
        public Lazy<Task<byte[]>> Query { get; } = new(() => Pack(version.Weights));

        public Lazy<Task<byte[]>> Key { get; } = new(() => Pack(version.KeyWeights));

        private static Task<byte[]> Pack(ReadOnlyMemory<byte> weights) => Task.Run(() =>
        {
            var packed = GC.AllocateUninitializedArray<byte>(weights.Length / sizeof(float) * BrainFloat.Size);
            BrainFloat.Pack(MemoryMarshal.Cast<byte, float>(weights.Span), MemoryMarshal.Cast<byte, ushort>(packed.AsSpan()));
            return packed;
        });
    }
}
