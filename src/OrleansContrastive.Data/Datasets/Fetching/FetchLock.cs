namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>Only one process fetches a data set into a cache at a time; the others wait for it.</summary>
internal static class FetchLock
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits for the lock and takes it; disposing releases it, and so does the death of the process.</summary>
    /// <param name="path">The lock file, made where it is missing and left behind.</param>
    /// <param name="waiting">Called once where another process holds it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IDisposable> TakeAsync(string path, Action waiting, CancellationToken cancellationToken)
    {
        var told = false;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeld(e))
            {
                if (!told)
                    waiting();
                told = true;
                await Task.Delay(Retry, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A file that another process holds: EWOULDBLOCK on Linux and on macOS, a sharing violation on Windows.
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x8007_0020);
}
