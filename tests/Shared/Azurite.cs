using System.Diagnostics;

namespace OrleansContrastive.Tests.Shared;

/// <summary>
/// The Azure Storage emulator (npm package azurite), on loopback and in a folder of its own: started by the first test that asks
/// for it, ended with the assembly. <c>tests/azurite.sh</c>, which <c>./run test</c> calls, puts it into the cache.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    private const string Version = "3.37.0";
    private const string Account = "contrastivetests";
    // Made up for this account of this emulator.
    private static readonly string Key = Convert.ToBase64String(Enumerable.Range(0, 64).Select(i => (byte)i).ToArray());

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly TemporaryFolder _folder = new();
    private Process? _process;
    private string? _endpoint;
    private int _containers;

    /// <summary>The connection string of the running emulator; the calling test is skipped where there is none.</summary>
    public async Task<string> ConnectionStringAsync(CancellationToken cancellationToken = default)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            _endpoint ??= await StartAsync(cancellationToken);
        }
        finally
        {
            _starting.Release();
        }

        return $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={_endpoint}/{Account}";
    }

    /// <summary>A name that no test of this run has had.</summary>
    public string FreshContainer() => $"test-{Interlocked.Increment(ref _containers)}";

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The shell around the emulator ends it when its input ends: also when this process is killed.
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _folder.Dispose();
        _starting.Dispose();
    }

    private async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        var program = Path.Combine(CacheFolder(), $"azurite-{Version}", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        if (!File.Exists(program)) Assert.Skip($"The emulator is not there: tests/azurite.sh puts it at {program}, where npm is.");

        const string Wrapper = """node "$@" & emulator=$!; read -r _; kill $emulator; wait $emulator""";
        var start = new ProcessStartInfo("sh", [
            "-c", Wrapper, "azurite", program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", _folder.Path,
            "--skipApiVersionCheck", "--silent", "--disableTelemetry"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AZURITE_ACCOUNTS"] = $"{Account}:{Key}";
        _process = Process.Start(start)!;
        var errors = _process.StandardError.ReadToEndAsync(cancellationToken);
        var said = "";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Node reads some thousand files first; a busy machine takes its time for them.
        patience.CancelAfter(TimeSpan.FromMinutes(4));
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            said += line + "\n";
            // Such as: Azurite Blob service successfully listens on http://127.0.0.1:41873
            if (line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at)
            {
                _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return line[at..].Trim();
            }
        }

        throw new InvalidOperationException($"The emulator did not start: {said}{await errors}");
    }

    private static string CacheFolder()
    {
        if (Environment.GetEnvironmentVariable("OC_CACHE") is { Length: > 0 } own) return own;
        var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } shared
            ? shared
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "orleans-contrastive");
    }
}
