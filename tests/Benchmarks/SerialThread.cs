using System.Collections.Concurrent;

namespace OrleansContrastive.Benchmarks;

/// <summary>One thread that runs what it is given, in order.</summary>
internal sealed class SerialThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public SerialThread()
    {
        var thread = new Thread(() =>
        {
            foreach (var item in _work.GetConsumingEnumerable()) item();
        })
        { IsBackground = true, Name = "bench" };
        thread.Start();
    }

    public Task<double> RunAsync(Func<double> work)
    {
        var done = new TaskCompletionSource<double>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        return done.Task;
    }

    public void Dispose() => _work.CompleteAdding();
}
