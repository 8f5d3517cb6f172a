namespace Orleans.Networking;

/// <summary>Threads for work that waits in the kernel, which the thread pool must not do.</summary>
internal static class BlockingThread
{
    public static void Start(string name, Action work) => new Thread(() => work()) { IsBackground = true, Name = name }.UnsafeStart();

    /// <summary>Runs work that may block; what it throws comes to the one who waits.</summary>
    public static Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return Task.CompletedTask;
    });

    /// <inheritdoc cref="RunAsync(Action)"/>
    public static Task RunAsync(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
}
