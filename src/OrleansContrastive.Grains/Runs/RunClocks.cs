using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Runs;

/// <summary>The clocks of a run: what was stale at every commit, and by how much. One thread at a time.</summary>
internal sealed class RunClocks
{
    private readonly AgeHistogram _gradientStaleness = new();
    private readonly AgeHistogram _keyLag = new();
    private readonly AgeHistogram _rowAge = new();
    private Traffic _traffic;
    private long _leases;
    private long _oldest;
    private long _residualsLost;

    /// <summary>A commit was accepted that found the run at a version.</summary>
    public void Add(CommitRequest commit, long version, RunSpec spec)
    {
        var measures = commit.Measures;
        LostResiduals(measures.ResidualsLost);
        if (commit.Skipped) return;
        var (staleness, lag) = (version - commit.BaseVersion, version - commit.KeyVersion);
        _gradientStaleness.Add(staleness);
        _keyLag.Add(lag);
        RunInstruments.GradientStaleness(staleness);
        RunInstruments.KeyLag(lag);
        RunInstruments.Samples(commit.Samples);
        foreach (var age in measures.RowAges ?? [])
        {
            _rowAge.Add(age);
            if (IsBank(spec)) RunInstruments.BankAge(age);
            else RunInstruments.KeyAge(age);
        }

        if (measures.RowAges is { Length: > 0 } ages) _oldest = ages.Max();
        _traffic += measures.Traffic;
        _leases++;
        RunInstruments.Bytes(measures.Traffic);
    }

    /// <summary>Encoders are gone, or went back to an older history, with what their roundings had left over.</summary>
    public void LostResiduals(long count)
    {
        if (count == 0) return;
        _residualsLost += count;
        RunInstruments.ResidualsLost(count);
    }

    /// <summary>What to show.</summary>
    public AsynchronyReport Report(RunSpec spec) => new()
    {
        GradientStaleness = _gradientStaleness.Summary,
        KeyLag = _keyLag.Summary,
        KeyAge = IsBank(spec) ? default : _rowAge.Summary,
        BankAge = IsBank(spec) ? _rowAge.Summary : default,
        BatchNormPolicy = BatchNormPolicy(spec),
        TrafficPerLease = PerLease,
        ResidualsLost = _residualsLost,
        Warnings = [.. Warnings(spec).Select(warning => warning.Text)],
    };

    /// <summary>What a person should look at; the same kind is said once, though its numbers change.</summary>
    public IEnumerable<(string Kind, string Text)> Warnings(RunSpec spec)
    {
        if (IsBank(spec) || spec.Topology.NegativeShards == 0) yield break;
        var (rows, images, batch) = (spec.Contrast.QueueLength, spec.Dataset.Count, spec.Batch);
        if (rows >= images - batch)
            yield return ("queue", $"The queue of {rows} rows holds other views of a query's image: with {images} images and batches of {batch} it should be shorter than {images - batch}.");
        var expected = ExpectedKeyAge(spec);
        if (_oldest > 2 * expected)
            yield return ("age", $"The queue's oldest row was encoded {_oldest} versions ago, more than twice the {expected} that its {rows} rows take to be renewed.");
    }

    private Traffic PerLease => _leases == 0 ? default : new(
        _traffic.Views / _leases, _traffic.Keys / _leases, _traffic.Gradients / _leases, _traffic.Rows / _leases, _traffic.Parameters / _leases, _traffic.Contrast / _leases);

    /// <summary>Versions in which the whole queue is renewed, K/(W·B) of the reference, at least 1.</summary>
    private static long ExpectedKeyAge(RunSpec spec)
    {
        var perVersion = (long)spec.LeaseSize * spec.Consistency.Slots * MethodFactory.Plan(spec).RowsPerSample;
        return Math.Max(1, (spec.Contrast.QueueLength + perVersion - 1) / perVersion);
    }

    private static bool IsBank(RunSpec spec) => spec.Contrast.Store == NegativeStoreKind.Bank;

    private static string BatchNormPolicy(RunSpec spec) =>
        $"queries: by their own lease in {spec.Model.BatchNormSplits} parts, moments folded by 0.1 in commit order and used for evaluation; "
        + $"keys: by their own batch in as many parts{(spec.Contrast.ShuffleKeys ? ", permuted before" : "")}, never averaged";
}
