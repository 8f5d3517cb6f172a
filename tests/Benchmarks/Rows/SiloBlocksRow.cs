using OrleansContrastive.Benchmarks.Silos;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Bytes per second of blocks from a grain of one silo process to a grain of another, over loopback.</summary>
internal sealed class SiloBlocksRow(int[] lengths, int inFlight) : IContestant
{
    private const int Blocks = 600;

    private readonly SiloPair _silos = new();

    public async Task PrepareAsync(CancellationToken ct)
    {
        await _silos.StartAsync(ct);
        await MeasureAsync(ct);
    }

    public async Task<double> MeasureAsync(CancellationToken ct) =>
        await _silos.Caller.SendAsync(_silos.Answering, lengths, Blocks, inFlight) / 1e9;

    public ValueTask DisposeAsync() => _silos.DisposeAsync();
}
