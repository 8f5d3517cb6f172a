using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Cli.Exports;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests.Exports;

/// <summary>Exported files in the programs that they are for: torchvision's own networks, and onnxruntime.</summary>
public sealed class ExportTests : IDisposable
{
    private static readonly Dictionary<string, string> Facts = new() { ["mean"] = "0.5" };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resnet18", "torch")]
    [InlineData("resnet18", "safetensors")]
    [InlineData("resnet50", "torch")]
    [InlineData("resnet18-ln", "torch")]
    [InlineData("resnet18-ln", "safetensors")]
    public async Task Torchvision_loads_the_encoder_strictly_and_gives_our_features(string encoder, string format)
    {
        using var model = TinyModels.Create(encoder, channels: 3, size: 96);
        var chosen = ExportFormat.All.Single(known => known.Name == format);
        var path = _folder[$"model{chosen.Extension}"];
        await WholeFile.WriteAsync(path, force: false, stream => chosen.Create(model, false, 40, Facts)(stream, Token));
        long[] shape = [2, 3, 96, 96];
        var views = TinyModels.Views(shape);
        await using (var file = File.Create(_folder["views.safetensors"]))
            await SafeTensors.WriteAsync(file, [new("views", TensorType.Float32, shape, MemoryMarshal.AsBytes<float>(views).ToArray())], null, Token);

        await Programs.PythonAsync("exported_features.py", encoder, path, _folder["views.safetensors"], _folder["features.safetensors"]);

        var theirs = SafeTensors.Read(await File.ReadAllBytesAsync(_folder["features.safetensors"], Token), "the peer's features")["features"];
        TinyModels.AssertClose(TinyModels.Encode(model, views, shape).Features, MemoryMarshal.Cast<byte, float>(theirs.Data.Span), 2);
    }

    [Theory]
    [InlineData("resnet18", 3, 96, "none")]
    [InlineData("resnet8-w8", 1, 28, "mlp")]
    [InlineData("resnet18-w8", 3, 32, "linear")]
    [InlineData("resnet50-w8", 3, 32, "simclr-mlp")]
    [InlineData("resnet8-w8", 3, 32, "simclr-mlp", "float64")]
    [InlineData("resnet8-w8", 3, 32, "simsiam-mlp")]
    [InlineData("resnet8-w8", 3, 32, "dino-mlp")]
    [InlineData("resnet8-w8", 3, 32, "byol-mlp")]
    [InlineData("wrn-16-1", 3, 32, "none")]
    [InlineData("resnet8-w8-ln", 1, 28, "simclr-mlp")]
    [InlineData("resnet50-w8-ln", 3, 96, "none")]
    [InlineData("wrn-16-1-ln", 3, 32, "mlp")]
    [InlineData("conv1d-gru-w16", 1, 16, "none")]
    [InlineData("conv1d-gru-w8", 3, 24, "mlp", "float64")]
    [InlineData("vit-tiny-p8", 1, 24, "dino-mlp")]
    [InlineData("vit-tiny-p8-sincos-frozen", 3, 32, "none")]
    [InlineData("resnet8-w8", 1, 28, "none", "float32", 8, 4)]
    [InlineData("resnet8-w8-ln", 3, 30, "linear", "float32", 8, 5)]
    [InlineData("resnet8-w8", 3, 32, "mlp", "float32", 0, 0, true)]
    public async Task Onnxruntime_gives_our_features(string encoder, int channels, int size, string head, string precision = "float32", int patch = 0, int stride = 0, bool grey = false)
    {
        using var model = TinyModels.Create(encoder, channels, size, head, precision, patch > 0 ? new(patch, stride) : null, grey);
        var path = _folder["model.onnx"];
        var format = ExportFormat.All.Single(known => known.Name == "onnx");
        await WholeFile.WriteAsync(path, force: false, stream => format.Create(model, head != "none", 40, Facts)(stream, Token));
        long[] shape = [3, channels, size, size];
        var views = TinyModels.Views(shape);

        var (numbers, outputs) = await Programs.OnnxRuntimeAsync(path, views, shape);

        var (features, embedding) = TinyModels.Encode(model, views, shape);
        var expected = head == "none" ? [$"features 3 {model.FeatureWidth}"] : new[] { $"features 3 {model.FeatureWidth}", $"embedding 3 {model.EmbeddingWidth}" };
        Assert.Equal(expected, outputs);
        TinyModels.AssertClose(features, numbers.AsSpan(0, features.Length), 3);
        if (head != "none") TinyModels.AssertClose(embedding, numbers.AsSpan(features.Length), 3);
    }

    [Fact]
    public void What_has_no_graph_is_refused_with_another_format()
    {
        using var model = TinyModels.Create("vit-tiny-p8", 1, 24, grid: new(8, 4));
        var refused = Assert.Throws<UsageException>(() => ExportFormat.All.Single(known => known.Name == "onnx").Create(model, false, 40, Facts));
        Assert.Contains("--format torch or safetensors", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_there_whole_or_not_at_all()
    {
        var path = _folder["model.pt"];
        await Assert.ThrowsAsync<IOException>(() => WholeFile.WriteAsync(path, force: false, async stream =>
        {
            await stream.WriteAsync(new byte[10], Token);
            throw new IOException("The disk is full.");
        }));
        Assert.Empty(Directory.GetFiles(_folder.Path));

        await File.WriteAllTextAsync(path, "precious", Token);
        var refused = await Assert.ThrowsAsync<UsageException>(() => WholeFile.WriteAsync(path, force: false, _ => Task.CompletedTask));
        Assert.Contains("--force", refused.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(path, Token));

        Assert.Equal(3, await WholeFile.WriteAsync(path, force: true, stream => stream.WriteAsync(new byte[3], Token).AsTask()));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }
}
