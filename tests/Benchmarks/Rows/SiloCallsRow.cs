using OrleansContrastive.Benchmarks.Silos;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Calls per second of a grain of one silo process that calls a grain of another, one call after the other.</summary>
internal sealed class SiloCallsRow : IContestant
{
    private const int Calls = 5000;

    private readonly SiloPair _silos = new();

    public async Task PrepareAsync(CancellationToken ct)
    {
        await _silos.StartAsync(ct);
        // The compiler's last tier comes after some ten thousand calls.
        for (var round = 0; round < 5; round++) await MeasureAsync(ct);
    }

    public Task<double> MeasureAsync(CancellationToken ct) => _silos.Caller.CallAsync(_silos.Answering, Calls);

    public ValueTask DisposeAsync() => _silos.DisposeAsync();
}
