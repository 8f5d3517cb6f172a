using System.Diagnostics;

namespace OrleansContrastive.Benchmarks;

/// <summary>A contestant that runs in this process, on a thread of its own, so that torch's per-thread settings stay with it.</summary>
internal abstract class Contestant : IContestant
{
    private readonly SerialThread _thread = new();

    public Task PrepareAsync(CancellationToken ct) => _thread.RunAsync(() =>
    {
        Prepare();
        return 0.0;
    });

    public Task<double> MeasureAsync(CancellationToken ct) => _thread.RunAsync(Measure);

    public async ValueTask DisposeAsync()
    {
        await _thread.RunAsync(() =>
        {
            Release();
            return 0.0;
        });
        _thread.Dispose();
    }

    protected abstract void Prepare();

    protected abstract double Measure();

    protected virtual void Release()
    {
    }

    /// <summary>
    /// Processor seconds that this process spent during <paramref name="work"/>: what figures per core are made of, since it
    /// does not count the time that other programs took.
    /// </summary>
    protected static double CpuSeconds(Action work)
    {
        var begin = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - begin).TotalSeconds;
    }

    /// <summary>Wall-clock seconds of <paramref name="work"/>.</summary>
    protected static double Seconds(Action work)
    {
        var begin = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
