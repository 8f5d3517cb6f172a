using System.Diagnostics;

namespace OrleansContrastive.Checkpoints.Stores.Blobs;

/// <summary>
/// The Azure Storage emulator (npm package azurite), on a free port of loopback and over a folder, for demonstrations and tests. It is ended
/// with this object, by its process id, and also when this process is killed. <c>tests/azurite.sh</c>, which <c>./run</c> calls, puts it
/// into the cache.
/// </summary>
public sealed class StorageEmulator : IAsyncDisposable
{
    private const string Version = "3.37.0";

    // Node reads some thousand files first; a busy machine takes its time for them.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;

    private StorageEmulator(Process process, string endpoint) => (_process, Endpoint) = (process, endpoint);

    /// <summary>Where it listens, such as <c>http://127.0.0.1:41873</c>.</summary>
    public string Endpoint { get; }

    /// <summary>The script that Node runs, below the cache folder; it need not be there.</summary>
    public static string ProgramIn(string cache) => Path.Combine(cache, $"azurite-{Version}", "node_modules", "azurite", "dist", "src", "blob", "main.js");

    /// <summary>Starts one, and waits until it listens.</summary>
    /// <param name="program">The script that Node runs (<see cref="ProgramIn"/>).</param>
    /// <param name="folder">Where it keeps what is written; made where there is none.</param>
    /// <param name="account">Name and key of its only account; its well-known one by default, for which see <see cref="AddressOf"/>.</param>
    /// <param name="cancellationToken">Ends the waiting, and the emulator.</param>
    /// <exception cref="FileNotFoundException">It is not in the cache; the message says how it gets there.</exception>
    /// <exception cref="IOException">It ended before it listened; the message holds its words.</exception>
    public static async Task<StorageEmulator> StartAsync(
        string program, string folder, (string Name, string Key)? account = null, CancellationToken cancellationToken = default)
    {
        if (!File.Exists(program))
            throw new FileNotFoundException($"The storage emulator is not there: tests/azurite.sh puts it at {program}, where npm is.", program);
        Directory.CreateDirectory(folder);
        // Ends with the emulator, and ends the emulator when the input ends: also when this process is killed.
        const string Wrapper = """exec 3<&0; node "$@" 3<&- & emulator=$!; { read -r _ <&3; kill $emulator; } & wait $emulator; kill $! 2>/dev/null""";
        var start = new ProcessStartInfo("sh", [
            "-c", Wrapper, "azurite", program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder, "--skipApiVersionCheck", "--silent", "--disableTelemetry"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (account is { } own) start.Environment["AZURITE_ACCOUNTS"] = $"{own.Name}:{own.Key}";
        var process = Process.Start(start)!;
        try
        {
            return new(process, await ListeningAsync(process, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await EndAsync(process).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A container of the well-known account, as <see cref="StoreAddress"/> reads it.</summary>
    public string AddressOf(string container) => $"{Endpoint}/{StoreAddress.EmulatorAccount}/{container}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync(_process).ConfigureAwait(false);

    private static async Task<string> ListeningAsync(Process process, CancellationToken cancellationToken)
    {
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var said = "";
        while (await process.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false) is { } line)
        {
            said += line + "\n";
            // Such as: Azurite Blob service successfully listens on http://127.0.0.1:41873
            if (line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at)
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return line[at..].Trim();
            }
        }

        throw new IOException($"The storage emulator did not start: {said}{await errors.ConfigureAwait(false)}");
    }

    private static async Task EndAsync(Process process)
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().ConfigureAwait(false);
        process.Dispose();
    }
}
