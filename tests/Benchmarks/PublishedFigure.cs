namespace OrleansContrastive.Benchmarks;

/// <summary>A figure that was measured once, elsewhere: the peer cannot run beside ours.</summary>
internal sealed class PublishedFigure(double value) : IContestant
{
    public Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;

    public Task<double> MeasureAsync(CancellationToken ct) => Task.FromResult(value);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
