using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>
/// What a run's owner measures and keeps to itself, over all of its owners: when the owner's silo dies, the next one counts from zero.
/// What was committed between the last look at an owner and its death is left out. One thread at a time.
/// </summary>
internal sealed class RunFigures
{
    private Owner _before;
    private Owner _last;

    /// <summary>Updates behind the figures.</summary>
    public long Updates => All.Updates;

    /// <summary>Gradient staleness in versions: half of the updates are at most this; of several owners the highest.</summary>
    public long StalenessP50 => All.StalenessP50;

    /// <summary>Gradient staleness in versions: 99 % of the updates are at most this; of several owners the highest.</summary>
    public long StalenessP99 => All.StalenessP99;

    /// <summary>Leases that were granted again.</summary>
    public long LeasesRegranted => All.LeasesRegranted;

    /// <summary>Mean bytes that one lease moved, by edge.</summary>
    public Traffic TrafficPerLease => Per(All.Moved, Math.Max(1, Updates));

    private Owner All => Join(_before, _last);

    /// <summary>Takes in what the run says of itself; it may be asked as often as one likes.</summary>
    public void Add(RunStatus status)
    {
        var clocks = status.Asynchrony;
        var staleness = clocks?.GradientStaleness ?? default;
        var now = new Owner(staleness.Count, staleness.P50, staleness.P99, status.LeasesRegranted, Times(clocks?.TrafficPerLease ?? default, staleness.Count));
        // Counts never fall in the hands of one owner, except that a roll-back begins a new book of leases.
        if (now.Updates < _last.Updates || now.LeasesRegranted < _last.LeasesRegranted)
        {
            var sameOwner = now.Updates >= _last.Updates;
            _before = Join(_before, sameOwner ? new Owner(LeasesRegranted: _last.LeasesRegranted) : _last);
        }

        _last = now;
    }

    private static Owner Join(Owner one, Owner other) => new(
        one.Updates + other.Updates, Math.Max(one.StalenessP50, other.StalenessP50), Math.Max(one.StalenessP99, other.StalenessP99),
        one.LeasesRegranted + other.LeasesRegranted, one.Moved + other.Moved);

    private static Traffic Times(Traffic mean, long leases) => new(
        mean.Views * leases, mean.Keys * leases, mean.Gradients * leases, mean.Rows * leases, mean.Parameters * leases, mean.Contrast * leases);

    private static Traffic Per(Traffic sum, long leases) => new(
        sum.Views / leases, sum.Keys / leases, sum.Gradients / leases, sum.Rows / leases, sum.Parameters / leases, sum.Contrast / leases);

    private readonly record struct Owner(long Updates = 0, long StalenessP50 = 0, long StalenessP99 = 0, long LeasesRegranted = 0, Traffic Moved = default);
}
