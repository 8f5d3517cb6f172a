using System.Globalization;
using System.Text.Json;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary>What a command says when it has written files: a line each, or one JSON object.</summary>
internal sealed class WrittenFiles(bool json)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly List<WrittenFile> _files = [];

    /// <summary>A file was written.</summary>
    public void Add(string path, long bytes, string content) => _files.Add(new(path, bytes, content));

    /// <summary>Says so. Returns the exit code.</summary>
    public int Say()
    {
        if (json) Console.WriteLine(JsonSerializer.Serialize(new { Files = _files }, Json));
        else foreach (var file in _files) Console.WriteLine($"{file.Path}: {file.Content} ({Size(file.Bytes)})");
        return ExitCodes.Done;
    }

    private static string Size(long bytes) => bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB");

    private sealed record WrittenFile(string Path, long Bytes, string Content);
}
