namespace OrleansContrastive.Benchmarks;

/// <summary>Which of two measurements is the better one.</summary>
internal enum Better
{
    Higher,
    Lower,
}

/// <summary>One side of a contest. Prepared once, measured several times, disposed of.</summary>
internal interface IContestant : IAsyncDisposable
{
    /// <summary>Everything that is not timed: buffers, processes, warm-up.</summary>
    /// <exception cref="MissingPartException">Something that this machine lacks is needed; the row is skipped.</exception>
    Task PrepareAsync(CancellationToken ct);

    /// <summary>One measurement in the contest's unit.</summary>
    Task<double> MeasureAsync(CancellationToken ct);
}

/// <summary>A part that a row needs is not on this machine; the message says which and how to get it.</summary>
internal sealed class MissingPartException(string message) : Exception(message);

/// <summary>One row of the report: ours against the peer, alternately, in the same run on the same machine.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Unit">Unit of both figures.</param>
/// <param name="Better">Which figure wins.</param>
/// <param name="Budget">The least ratio that docs/architecture.md asks for.</param>
/// <param name="Rounds">Pairs of measurements; the medians are compared.</param>
/// <param name="Ours">Makes our side.</param>
/// <param name="Peer">Makes the other side.</param>
internal sealed record Contest(
    string Name,
    string Unit,
    Better Better,
    double Budget,
    int Rounds,
    Func<IContestant> Ours,
    Func<IContestant> Peer)
{
    /// <summary>Measures ours and the peer in turn: A B A B, so that a change of load meets both.</summary>
    public async Task<BenchRow> RunAsync(IProgress<string> progress, CancellationToken ct)
    {
        await using var ours = Ours();
        await using var peer = Peer();
        try
        {
            await peer.PrepareAsync(ct);
            await ours.PrepareAsync(ct);
        }
        catch (MissingPartException missing)
        {
            return new BenchRow(Name, null, null, Unit, null, Budget) { Note = $"not measured: {missing.Message}" };
        }

        var a = new double[Rounds];
        var b = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            a[round] = await ours.MeasureAsync(ct);
            b[round] = await peer.MeasureAsync(ct);
            progress.Report($"{Name}  round {round + 1}/{Rounds}: ours {a[round]:G4}, peer {b[round]:G4} {Unit}");
        }

        var (mine, other) = (Statistics.Median(a), Statistics.Median(b));
        var ratio = Better == Better.Higher ? mine / other : other / mine;
        return new BenchRow(Name, mine, other, Unit, ratio, Budget) { Spread = Math.Max(Statistics.Spread(a), Statistics.Spread(b)) };
    }
}
