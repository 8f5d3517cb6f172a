using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Checkpoints.Tensors.PyTorch;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Tensors;

/// <summary>State dicts against PyTorch itself (tests/Peers/torch_files.py).</summary>
public sealed class StateDictFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PyTorch_loads_what_is_written_here()
    {
        NamedTensor[] tensors =
        [
            new("conv1.weight", TensorType.Float32, [2, 1, 1, 3], Bytes(1f, 2, 3, 4, 5, 6.5f)),
            new("bn1.num_batches_tracked", TensorType.Int64, [], BitConverter.GetBytes(123_456_789_012)),
            new("double", TensorType.Float64, [1], BitConverter.GetBytes(-0.1)),
            new("large", TensorType.UInt8, [300, 250], Enumerable.Repeat((byte)2, 75_000).ToArray()),
            new("half", TensorType.BFloat16, [2], new byte[] { 0x80, 0x3f, 0x20, 0xc0 }),
            new("empty", TensorType.Float32, [0, 4], default),
        ];
        await WriteAsync("ours.pt", tensors);

        var lines = (await Programs.PythonAsync("torch_files.py", "read", _folder["ours.pt"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(
            [
                "conv1.weight torch.float32 2x1x1x3 21.5", "bn1.num_batches_tracked torch.int64  123456789012.0", "double torch.float64 1 -0.1",
                "large torch.uint8 300x250 150000.0", "half torch.bfloat16 2 -1.5", "empty torch.float32 0x4 0.0",
            ],
            lines);
    }

    [Fact]
    public async Task What_PyTorch_saves_is_read_here()
    {
        await Programs.PythonAsync("torch_files.py", "write", _folder.Path);

        var plain = await ReadAsync("plain.pt");
        var expected = (await Programs.PythonAsync("torch_files.py", "read", _folder["plain.pt"])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked", "half"], plain.Select(tensor => tensor.Name));
        Assert.Equal([4L, 3, 3, 3], plain[0].Shape);
        var sum = MemoryMarshal.Cast<byte, float>(plain[0].Data.Span).ToArray().Sum(value => (double)value);
        Assert.Equal(double.Parse(expected[0].Split(' ')[^1], CultureInfo.InvariantCulture), sum, 1e-9);
        Assert.Equal(TensorType.BFloat16, plain[^1].Type);

        // In a checkpoint the state dict stands beside other things.
        var wrapped = await ReadAsync("wrapped.pt");
        Assert.Equal(plain.Select(tensor => (tensor.Name, Convert.ToHexString(tensor.Data.Span))), wrapped.Select(tensor => (tensor.Name, Convert.ToHexString(tensor.Data.Span))));
    }

    [Fact]
    public async Task Strided_tensors_become_row_major()
    {
        await Programs.PythonAsync("torch_files.py", "write", _folder.Path);

        var read = (await ReadAsync("strided.pt")).ToDictionary(tensor => tensor.Name);

        var base60 = Enumerable.Range(0, 60).Select(i => (float)i).ToArray();
        Assert.Equal(base60, Floats(read["last"]));
        Assert.Equal(base60, Floats(read["same"]));
        Assert.Equal(base60[36..48], Floats(read["part"]));
        Assert.Equal([14f, 44f], Floats(read["column"]));
    }

    [Fact]
    public async Task Code_in_a_file_is_refused_and_never_run()
    {
        await Programs.PythonAsync("torch_files.py", "write", _folder.Path);

        var refused = await Assert.ThrowsAsync<CheckpointException>(() => ReadAsync("evil.pt"));

        Assert.Contains("mkdir", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["was-executed"]));
        var legacy = await Assert.ThrowsAsync<CheckpointException>(() => ReadAsync("legacy.pt"));
        Assert.Contains("1.6", legacy.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_tensors_give_the_same_bytes_and_come_back()
    {
        NamedTensor[] tensors = [new("b", TensorType.Float32, [2], Bytes(3f, 4)), new("a", TensorType.Int8, [1], new byte[] { 255 })];
        await WriteAsync("one.pt", tensors);
        await WriteAsync("two.pt", tensors);

        Assert.Equal(await File.ReadAllBytesAsync(_folder["one.pt"], Token), await File.ReadAllBytesAsync(_folder["two.pt"], Token));
        var read = await ReadAsync("one.pt");
        Assert.Equal(["b", "a"], read.Select(tensor => tensor.Name));
        Assert.Equal([3f, 4f], Floats(read[0]));
    }

    [Fact]
    public async Task Every_damage_ends_in_a_checkpoint_exception()
    {
        await WriteAsync("whole.pt", [new("weight", TensorType.Float32, [2, 2], Bytes(1f, 2, 3, 4)), new("bias", TensorType.Float32, [2], Bytes(1f, 2))]);
        byte[] pickle;
        using (var archive = ZipFile.OpenRead(_folder["whole.pt"]))
        {
            await using var stream = archive.GetEntry("archive/data.pkl")!.Open();
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, Token);
            pickle = copy.ToArray();
        }

        var refused = 0;
        var random = new Random(5);
        for (var i = 0; i < 2_000; i++)
        {
            var damaged = pickle.ToArray();
            if (i < pickle.Length) damaged = damaged[..i];
            else damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            using var file = new MemoryStream();
            using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
            {
                Add(archive, "archive/data.pkl", damaged);
                Add(archive, "archive/data/0", Bytes(1f, 2, 3, 4));
                Add(archive, "archive/data/1", Bytes(1f, 2));
            }

            file.Position = 0;
            try
            {
                foreach (var tensor in await StateDictFile.ReadAsync(file, "a damaged file", Token)) tensor.Check();
            }
            catch (CheckpointException fault)
            {
                Assert.Contains("a damaged file", fault.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > pickle.Length, $"Only {refused} damaged files were refused.");
    }

    private static void Add(ZipArchive archive, string name, byte[] content)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(content);
    }

    private async Task WriteAsync(string name, IReadOnlyList<NamedTensor> tensors)
    {
        await using var file = File.Create(_folder[name]);
        await StateDictFile.WriteAsync(file, tensors, Token);
    }

    private async Task<IReadOnlyList<NamedTensor>> ReadAsync(string name)
    {
        await using var file = File.OpenRead(_folder[name]);
        return await StateDictFile.ReadAsync(file, name, Token);
    }

    private static byte[] Bytes(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static float[] Floats(NamedTensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Data.Span).ToArray();
}
