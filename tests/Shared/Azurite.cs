using OrleansContrastive.Checkpoints.Stores.Blobs;

namespace OrleansContrastive.Tests.Shared;

/// <summary>
/// The Azure Storage emulator in a folder of its own: started by the first test that asks for it, ended with the assembly.
/// <c>tests/azurite.sh</c>, which <c>./run test</c> calls, puts it into the cache.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    private const string Account = "contrastivetests";
    // Made up for this account of this emulator.
    private static readonly string Key = Convert.ToBase64String(Enumerable.Range(0, 64).Select(i => (byte)i).ToArray());

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly TemporaryFolder _folder = new();
    private StorageEmulator? _emulator;
    private int _containers;

    /// <summary>The connection string of the running emulator; the calling test is skipped where there is none.</summary>
    public async Task<string> ConnectionStringAsync(CancellationToken cancellationToken = default)
    {
        var program = StorageEmulator.ProgramIn(Programs.CacheFolder);
        if (!File.Exists(program)) Assert.Skip($"The emulator is not there: tests/azurite.sh puts it at {program}, where npm is.");
        await _starting.WaitAsync(cancellationToken);
        try
        {
            _emulator ??= await StorageEmulator.StartAsync(program, _folder.Path, (Account, Key), cancellationToken);
        }
        finally
        {
            _starting.Release();
        }

        return $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={_emulator.Endpoint}/{Account}";
    }

    /// <summary>A name that no test of this run has had.</summary>
    public string FreshContainer() => $"test-{Interlocked.Increment(ref _containers)}";

    public async ValueTask DisposeAsync()
    {
        if (_emulator is not null) await _emulator.DisposeAsync();
        _folder.Dispose();
        _starting.Dispose();
    }
}
