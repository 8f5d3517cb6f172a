namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// Mutual exclusion per key between threads and processes: a fixed set of lock files, each held by the operating system's
/// advisory lock for as long as a handle is open, so that a killed holder frees it. The files are never deleted, since a
/// deleted lock file could be locked twice.
/// </summary>
internal sealed class FolderLock
{
    private const int Stripes = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder;
    private readonly SemaphoreSlim[] _local = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1, 1))];

    public FolderLock(string folder) => _folder = folder;

    public async Task<IDisposable> TakeAsync(string key, CancellationToken cancellationToken)
    {
        var stripe = StripeOf(key);
        // The threads of this process queue here, so that at most one of them polls the file.
        await _local[stripe].WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return new Held(await OpenAsync(stripe, key, cancellationToken).ConfigureAwait(false), _local[stripe]);
        }
        catch
        {
            _local[stripe].Release();
            throw;
        }
    }

    private static int StripeOf(string key)
    {
        var hash = 2166136261u; // FNV-1a: every process must come to the same stripe.
        foreach (var unit in key) hash = (hash ^ unit) * 16777619u;
        return (int)(hash % Stripes);
    }

    private async Task<FileStream> OpenAsync(int stripe, string key, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, stripe.ToString("x2", null));
        var started = TimeProvider.System.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (Exception absent) when (absent is DirectoryNotFoundException or FileNotFoundException)
            {
                // A file that is opened to be created is not found where another process makes the folder at this moment.
                Directory.CreateDirectory(_folder);
            }
            catch (IOException busy) when (Array.IndexOf(Held.Errors, busy.HResult) >= 0)
            {
                if (TimeProvider.System.GetElapsedTime(started) > Patience)
                {
                    throw new TimeoutException(
                        $"The lock file '{path}' of key '{key}' was not free within {Patience.TotalSeconds:0} s: {busy.Message}", busy);
                }
            }

            var pause = TimeSpan.FromMilliseconds(Random.Shared.Next(1, Math.Min(2 + attempt, 20)));
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class Held(FileStream file, SemaphoreSlim local) : IDisposable
    {
        // How an open file says that another handle has locked it: EWOULDBLOCK of Linux and macOS, the sharing and lock
        // violations of Windows. Every other error is one that waiting does not mend.
        public static readonly int[] Errors = [11, 35, unchecked((int)0x80070020), unchecked((int)0x80070021)];

        public void Dispose()
        {
            file.Dispose();
            local.Release();
        }
    }
}
