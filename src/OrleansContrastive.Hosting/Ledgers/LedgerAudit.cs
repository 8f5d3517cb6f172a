using System.Globalization;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Hosting.Ledgers;

/// <summary>
/// What encoders were told counts, held against what a run's last checkpoint holds. Two independent books: the encoders' ledgers
/// on one side; on the other the manifest's done leases, its count of samples, and the rows that the queue shards have taken.
/// </summary>
public sealed record LedgerAudit
{
    /// <summary>Commits that the encoders were told count.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>Acknowledged commits that are not in the checkpoint, or had to be committed once more in a later history.</summary>
    public required int UpdatesLost { get; init; }

    /// <summary>Samples of leases that were committed twice in one history, or that the count holds beyond the done leases.</summary>
    public required long SamplesCountedTwice { get; init; }

    /// <summary>Samples of leases below the newest that the checkpoint leaves out; all that are missing, where the run is complete.</summary>
    public required long SamplesNeverCounted { get; init; }

    /// <summary>Leases that the checkpoint holds.</summary>
    public required long LeasesDone { get; init; }

    /// <summary>Samples that the manifest counts.</summary>
    public required long SamplesApplied { get; init; }

    /// <summary>Rows that the queue shards have taken since the start, by their own sequence; equals the samples times the directions. Null of a bank, which writes over its rows.</summary>
    public required long? RowsTaken { get; init; }

    /// <summary>Rows that the samples make: one each, two for a symmetric method.</summary>
    public required long RowsExpected { get; init; }

    /// <summary>Compares a run's ledgers with its last checkpoint.</summary>
    /// <param name="store">The run's store.</param>
    /// <param name="run">The run.</param>
    /// <param name="ledgers">Folder of the ledger files.</param>
    /// <param name="complete">The run has ended, so that a lease that is not done was never counted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, or it cannot be read.</exception>
    public static async Task<LedgerAudit> CompareAsync(
        ICheckpointStore store, string run, string ledgers, bool complete, CancellationToken cancellationToken = default)
    {
        var manifests = new ManifestStore(store, $"{run}/checkpoints");
        var manifest = await manifests.LatestAsync(cancellationToken) ?? throw new CheckpointException($"Run '{run}' has no checkpoint in {store.Location}.");
        var lines = await CommitLedgerFile.ReadAsync(ledgers, run, cancellationToken);
        var spec = RunManifest.SpecOf(manifest);
        long? rows = spec.Contrast.Store == NegativeStoreKind.Queue ? 0 : null;
        foreach (var file in manifest.Files.Where(file => rows is not null && file.Name.StartsWith("negatives-", StringComparison.Ordinal)))
            rows += RowsOf(SafeTensors.Read(await manifests.ReadFileAsync(manifest, file.Name, cancellationToken), file.Name));
        return Compare(spec, manifest, lines, rows, complete);
    }

    internal static LedgerAudit Compare(RunSpec spec, Manifest manifest, IReadOnlyList<LedgerLine> lines, long? rows, bool complete)
    {
        var done = Done(manifest, spec);
        var (lost, twice) = (0, 0L);
        foreach (var lease in lines.GroupBy(line => new LeaseId(line.Epoch, line.Index)))
        {
            // One commit of a lease stays; those of earlier histories were rolled back, and a second one in a history was counted too.
            var histories = lease.GroupBy(line => line.History).ToList();
            var stays = done.Contains(lease.Key.Ordinal(spec.LeasesPerEpoch)) ? 1 : 0;
            lost += histories.Count - stays;
            twice += histories.Sum(history => history.Select(line => line.Attempt).Distinct().Skip(1).Count() * (long)spec.LeaseSize);
        }

        var skipped = lines.Where(line => line.Skipped).Select(line => (line.Epoch, line.Index)).Distinct().Count();
        var (count, size) = (done.Count, (long)spec.LeaseSize);
        var expected = (count - skipped) * size;
        return new()
        {
            Acknowledged = lines.Count,
            UpdatesLost = lost,
            SamplesCountedTwice = twice + Math.Max(0, manifest.SamplesApplied - expected),
            SamplesNeverCounted = Math.Max(0, expected - manifest.SamplesApplied) + (complete ? (spec.TotalLeases - count) * size : 0),
            LeasesDone = count,
            SamplesApplied = manifest.SamplesApplied,
            RowsTaken = rows,
            RowsExpected = manifest.SamplesApplied * MethodFactory.Plan(spec).RowsPerSample,
        };
    }

    private static HashSet<long> Done(Manifest manifest, RunSpec spec)
    {
        var closed = new LeaseId(manifest.Cursor.Epoch, (int)manifest.Cursor.NextLease).Ordinal(spec.LeasesPerEpoch);
        var done = new HashSet<long>();
        for (var ordinal = 0L; ordinal < closed; ordinal++) done.Add(ordinal);
        foreach (var range in manifest.AppliedLeases)
        {
            for (var index = range.First; index < range.First + range.Count; index++) done.Add(new LeaseId(range.Epoch, (int)index).Ordinal(spec.LeasesPerEpoch));
        }

        return done;
    }

    private static long RowsOf(SafeTensorsContent content)
    {
        var parts = int.Parse(content.Metadata["parts"], CultureInfo.InvariantCulture);
        return long.Parse(content.Metadata["firstSequence"], CultureInfo.InvariantCulture)
            + Enumerable.Range(0, parts).Sum(part => content[$"{part}.rows"].Shape[0]);
    }
}
