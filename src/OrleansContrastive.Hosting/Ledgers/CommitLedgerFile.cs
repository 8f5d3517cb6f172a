using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Ledgers;

/// <summary>A commit that an encoder was told counts: one line of a ledger file.</summary>
public sealed record LedgerLine
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>Data epoch of the lease.</summary>
    public required int Epoch { get; init; }

    /// <summary>Index of the lease in its epoch.</summary>
    public required int Index { get; init; }

    /// <summary>Number of the attempt.</summary>
    public required long Attempt { get; init; }

    /// <summary>The history that it was committed in.</summary>
    public required long History { get; init; }

    /// <summary>Samples of the gradient.</summary>
    public required int Samples { get; init; }

    /// <summary>It counts as done, without an effect.</summary>
    public required bool Skipped { get; init; }

    /// <summary>Key of the encoder.</summary>
    public required string Encoder { get; init; }
}

/// <summary>
/// A silo's ledger as a file of JSON lines, <c>SILO.jsonl</c> in a folder. A line is with the operating system before the encoder
/// goes on, so that the process may be killed. Safe for all threads.
/// </summary>
public sealed class CommitLedgerFile : ICommitLedger, IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens a silo's file, which is created where there is none.</summary>
    public CommitLedgerFile(string folder, string silo)
    {
        Directory.CreateDirectory(folder);
        // Without a buffer of its own: every line is one write.
        _file = new FileStream(Path.Combine(folder, $"{silo}.jsonl"), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <inheritdoc/>
    public void Append(string run, CommitRequest commit)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(
            new()
            {
                Run = run,
                Epoch = commit.Attempt.Lease.Epoch,
                Index = commit.Attempt.Lease.Index,
                Attempt = commit.Attempt.Attempt,
                History = commit.History,
                Samples = commit.Samples,
                Skipped = commit.Skipped,
                Encoder = commit.Encoder,
            },
            LedgerJson.Default.LedgerLine);
        lock (_file) _file.Write([.. line, (byte)'\n']);
    }

    /// <summary>All lines of all files in a folder about a run. A last line that a killed process left unfinished is passed over.</summary>
    public static async Task<IReadOnlyList<LedgerLine>> ReadAsync(string folder, string run, CancellationToken cancellationToken = default)
    {
        var lines = new List<LedgerLine>();
        if (!Directory.Exists(folder)) return lines;
        foreach (var path in Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllLinesAsync(path, cancellationToken);
            for (var at = 0; at < text.Length; at++)
            {
                try
                {
                    if (JsonSerializer.Deserialize(text[at], LedgerJson.Default.LedgerLine) is { } line && line.Run == run) lines.Add(line);
                }
                catch (JsonException) when (at == text.Length - 1)
                {
                    // Cut off with its process.
                }
            }
        }

        return lines;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LedgerLine))]
internal sealed partial class LedgerJson : JsonSerializerContext;
