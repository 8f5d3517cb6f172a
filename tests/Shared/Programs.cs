using System.Diagnostics;

namespace OrleansContrastive.Tests.Shared;

/// <summary>Other programs that tests compare with: PyTorch in Python, onnxruntime in node. A test is skipped where they are not.</summary>
internal static class Programs
{
    private const string OnnxRuntimeVersion = "1.30.0";
    private static readonly string Python = Environment.GetEnvironmentVariable("PEER_PYTHON") is { Length: > 0 } own ? own : "/usr/bin/python3";
    private static readonly Lazy<Task<bool>> Torch = new(async () => File.Exists(Python) && await RunAsync(Python, "-c", "import torch, torchvision") is (0, _, _));

    /// <summary>A script of tests/Peers in a Python with PyTorch and torchvision. Returns what it printed.</summary>
    public static async Task<string> PythonAsync(string script, params string[] arguments)
    {
        if (!await Torch.Value) Assert.Skip("There is no python3-torch with torchvision on this machine.");
        return Checked(await RunAsync(Python, [Path.Combine(Root(), "tests", "Peers", script), .. arguments]));
    }

    /// <summary>Runs an ONNX model on views [N, C, H, W]: the numbers of all outputs, and a line of name and shape for each.</summary>
    public static async Task<(float[] Numbers, string[] Outputs)> OnnxRuntimeAsync(string model, float[] views, params long[] shape)
    {
        var folder = Path.Combine(CacheFolder, $"onnxruntime-{OnnxRuntimeVersion}");
        if (!File.Exists(Path.Combine(folder, "node_modules", "onnxruntime-node", "package.json")))
            Assert.Skip($"onnxruntime is not there: tests/onnxruntime.sh puts it at {folder}, where npm is.");

        using var scratch = new TemporaryFolder();
        await File.WriteAllBytesAsync(scratch["views"], System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(views).ToArray());
        var printed = Checked(await RunAsync(
            "node", [Path.Combine(Root(), "tests", "Peers", "onnx_features.cjs"), folder, model, scratch["views"], scratch["out"], .. shape.Select(size => $"{size}")]));
        var bytes = await File.ReadAllBytesAsync(scratch["out"]);
        return ([.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)], printed.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Checked((int Exit, string Output, string Error) ended)
    {
        Assert.True(ended.Exit == 0, ended.Error);
        return ended.Output;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansContrastive.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"OrleansContrastive.sln lies in no folder above {AppContext.BaseDirectory}.");
    }

    /// <summary>Where the scripts beside this folder put what they fetch.</summary>
    internal static string CacheFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("OC_CACHE") is { Length: > 0 } own) return own;
            var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } shared
                ? shared
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(caches, "orleans-contrastive");
        }
    }
}
