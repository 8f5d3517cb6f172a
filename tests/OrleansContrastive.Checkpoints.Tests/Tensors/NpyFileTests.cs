using System.Runtime.InteropServices;
using System.Text;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tensors.NumPy;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Tensors;

public sealed class NpyFileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("<f4 2x3 True 10.5", 2L, 3L)]
    [InlineData("<f4 6 True 10.5", 6L)]
    [InlineData("<f4 1x2x3 True 10.5", 1L, 2L, 3L)]
    public async Task NumPy_loads_what_is_written_here(string expected, params long[] shape)
    {
        using var folder = new TemporaryFolder();
        await using (var file = File.Create(folder["a.npy"]))
            await NpyFile.WriteAsync(file, new("a", TensorType.Float32, shape, MemoryMarshal.AsBytes<float>([1, 2, 3, 4, -5, 5.5f]).ToArray()), Token);

        Assert.Equal(expected, (await Programs.PythonAsync("torch_files.py", "npy", folder["a.npy"])).Trim());
    }

    [Fact]
    public async Task Numbers_start_at_a_multiple_of_64_bytes()
    {
        using var file = new MemoryStream();
        await NpyFile.WriteAsync(file, new("labels", TensorType.Int64, [2], new byte[16]), Token);

        var bytes = file.ToArray();
        Assert.Equal(0, (bytes.Length - 16) % 64);
        Assert.Equal((byte)'\n', bytes[^17]);
        Assert.Contains("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", Encoding.ASCII.GetString(bytes, 10, bytes.Length - 26), StringComparison.Ordinal);
        Assert.Equal(bytes.Length - 16 - 10, bytes[8] | (bytes[9] << 8));
    }

    [Fact]
    public async Task What_NumPy_has_no_type_for_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => NpyFile.WriteAsync(Stream.Null, new("a", TensorType.BFloat16, [1], new byte[2]), Token));
}
