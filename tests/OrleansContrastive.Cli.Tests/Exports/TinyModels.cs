using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using TorchSharp;

namespace OrleansContrastive.Cli.Tests.Exports;

/// <summary>Networks with weights and batch-norm statistics that look trained.</summary>
internal static class TinyModels
{
    /// <summary>A network in evaluation mode.</summary>
    public static ContrastiveModel Create(string encoder, int channels, int size, string head = "none", string precision = "float32", PatchGrid? grid = null, bool grey = false)
    {
        var options = new ModelOptions { Grid = grid, Grey = grey, Precision = precision == "float64" ? Learning.Devices.Precision.Float64 : Learning.Devices.Precision.Float32 };
        var model = new ContrastiveModel(EncoderSpec.Parse(encoder, channels, size), new(head, 24, 12), options, seed: 5);
        var whole = model.Layout.Split(1)[0];
        // Untouched statistics and affine parameters would hide a wrong order among them.
        var random = new Random(7);
        Change(whole.Parameters, ModelExchange.ReadParameters(model, whole), name => name.Contains("bn", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal), (flat) => ModelExchange.LoadParameters(model, whole, flat));
        Change(whole.Moments, ModelExchange.ReadMoments(model, whole), _ => true, flat => ModelExchange.LoadMoments(model, whole, flat));
        model.eval();
        return model;

        void Change(IReadOnlyList<TensorSlot> slots, byte[] flat, Func<string, bool> which, Action<byte[]> load)
        {
            foreach (var slot in slots.Where(slot => which(slot.Name)))
            {
                for (var i = slot.Offset; i < slot.Offset + slot.Length; i++)
                {
                    var factor = 1 + (0.4 * (random.NextDouble() - 0.5));
                    var shift = 0.1 * random.NextDouble();
                    if (whole.ElementSize == 8) MemoryMarshal.Cast<byte, double>(flat.AsSpan())[(int)i] = (MemoryMarshal.Cast<byte, double>(flat.AsSpan())[(int)i] * factor) + shift;
                    else MemoryMarshal.Cast<byte, float>(flat.AsSpan())[(int)i] = (float)((MemoryMarshal.Cast<byte, float>(flat.AsSpan())[(int)i] * factor) + shift);
                }
            }

            load(flat);
        }
    }

    /// <summary>Pixels as normalisation leaves them.</summary>
    public static float[] Views(params long[] shape)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }

    /// <summary>What the network makes of views: features and embedding.</summary>
    public static (float[] Features, float[] Embedding) Encode(ContrastiveModel model, float[] views, params long[] shape)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var type = model.Layout.ElementType;
        var batch = torch.tensor(views, shape).to_type(type);
        float[] Numbers(torch.Tensor tensor) => tensor.to_type(torch.ScalarType.Float32).contiguous().data<float>().ToArray();
        return (Numbers(model.Features(batch)), Numbers(model.forward(batch)));
    }

    /// <summary>Asserts that numbers agree to 1e-4 of their size, and that images do not all look the same.</summary>
    public static void AssertClose(float[] expected, ReadOnlySpan<float> found, int rows)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - found[i]) <= 1e-4 * Math.Max(1, Math.Abs(expected[i])), $"Number {i} is {found[i]}, expected {expected[i]}.");
        var width = expected.Length / rows;
        Assert.True(Enumerable.Range(0, width).Max(i => Math.Abs(expected[i] - expected[width + i])) > 1e-3, "All images look the same.");
    }
}
