using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Tensors;

/// <summary>The format against an independent reader and writer in Python (tests/Peers/safetensors_peer.py).</summary>
public sealed class SafeTensorsPeerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Python_reads_what_is_written_here()
    {
        NamedTensor[] tensors =
        [
            new("conv1.weight", TensorType.Float32, [2, 2], Bytes(BitConverter.GetBytes, 0.5f, -1.25f, 3f, 1e-8f)),
            new("step", TensorType.Int64, [], BitConverter.GetBytes(-(1L << 40))),
            new("größe", TensorType.BFloat16, [2], new byte[] { 0x80, 0x3f, 0x20, 0xc0 }),
            new("empty", TensorType.Float64, [0, 3], default),
        ];
        var path = _folder["ours.safetensors"];
        await using (var file = File.Create(path))
            await SafeTensors.WriteAsync(file, tensors, new Dictionary<string, string> { ["version"] = "3" }, Token);

        var rows = (await PeerAsync("read", path)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(row => row.GetProperty("name").GetString()!);

        Assert.Equal(tensors.Length, rows.Count);
        foreach (var tensor in tensors)
        {
            var row = rows[tensor.Name];
            Assert.Equal(tensor.Type.Name(), row.GetProperty("dtype").GetString());
            Assert.Equal(tensor.Shape, row.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(tensor.Data.Span)), row.GetProperty("sha256").GetString());
        }

        Assert.Equal([0.5, -1.25, 3, 1e-8f], rows["conv1.weight"].GetProperty("first").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal([1, -2.5], rows["größe"].GetProperty("first").EnumerateArray().Select(value => value.GetDouble()));
    }

    [Fact]
    public async Task What_Python_writes_is_read_here()
    {
        var path = _folder["theirs.safetensors"];
        await PeerAsync("write", path);

        await using var file = File.OpenRead(path);
        var read = await SafeTensors.ReadAsync(file, path, Token);

        Assert.Equal("peer", read.Metadata["by"]);
        Assert.Equal(Bytes(BitConverter.GetBytes, 0.5f, -1.25f, 3f, 1e-8f, 65504f, -0f), read["weight"].Data.ToArray());
        Assert.Equal([2L, 3L], read["weight"].Shape);
        Assert.Equal(-(1L << 40), BitConverter.ToInt64(read["steps"].Data.Span));
        Assert.Equal(new byte[] { 0, 127, 255 }, read["läbel"].Data.ToArray());
        Assert.Equal(TensorType.BFloat16, read["half"].Type);
    }

    private static byte[] Bytes(Func<float, byte[]> encode, params float[] values) => [.. values.SelectMany(encode)];

    private static async Task<string> PeerAsync(string verb, string path)
    {
        var start = new ProcessStartInfo("python3", [Script(), verb, path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process python;
        try
        {
            python = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no python3 on this machine.");
            throw;
        }

        using (python)
        {
            var errors = python.StandardError.ReadToEndAsync(Token);
            var output = await python.StandardOutput.ReadToEndAsync(Token);
            await python.WaitForExitAsync(Token);
            Assert.True(python.ExitCode == 0, await errors);
            return output;
        }
    }

    private static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, "tests", "Peers", "safetensors_peer.py");
            if (File.Exists(script)) return script;
        }

        throw new InvalidOperationException($"tests/Peers/safetensors_peer.py lies in no folder above {AppContext.BaseDirectory}.");
    }
}
