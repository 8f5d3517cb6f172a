using OrleansContrastive.Cli.Clusters;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Cli.Tests.Clusters;

/// <summary>What several owners of a run measured one after the other, each from zero, is one figure of the run.</summary>
public sealed class RunFiguresTests
{
    [Fact]
    public void One_owner_counts_once_however_often_it_is_asked()
    {
        var figures = new RunFigures();
        foreach (var updates in new[] { 0, 10, 10, 40 }) figures.Add(Status(updates, p50: 1, p99: 3, regranted: updates / 10, bytes: 100));

        Assert.Equal((40, 1, 3, 4), (figures.Updates, figures.StalenessP50, figures.StalenessP99, figures.LeasesRegranted));
        Assert.Equal(100, figures.TrafficPerLease.Views);
    }

    [Fact]
    public void A_new_owner_adds_to_what_the_dead_one_measured()
    {
        var figures = new RunFigures();
        figures.Add(Status(30, p50: 2, p99: 5, regranted: 1, bytes: 100));
        // It takes over, and measures nothing at first.
        figures.Add(Status(0, 0, 0, regranted: 0, bytes: 0));
        figures.Add(Status(10, p50: 1, p99: 9, regranted: 2, bytes: 300));

        Assert.Equal((40, 2, 9, 3), (figures.Updates, figures.StalenessP50, figures.StalenessP99, figures.LeasesRegranted));
        // (30 x 100 + 10 x 300) / 40
        Assert.Equal(150, figures.TrafficPerLease.Views);
    }

    [Fact]
    public void A_roll_back_begins_a_new_book_of_leases_and_keeps_the_clocks()
    {
        var figures = new RunFigures();
        figures.Add(Status(30, p50: 2, p99: 5, regranted: 4, bytes: 100));
        figures.Add(Status(30, p50: 2, p99: 5, regranted: 0, bytes: 100));
        figures.Add(Status(50, p50: 2, p99: 5, regranted: 1, bytes: 100));

        Assert.Equal((50, 5), (figures.Updates, figures.LeasesRegranted));
    }

    private static RunStatus Status(long updates, long p50, long p99, long regranted, long bytes) => new()
    {
        Run = "run",
        Phase = RunPhase.Running,
        LeasesRegranted = regranted,
        Asynchrony = new()
        {
            GradientStaleness = new(updates, p50, p99, p99, p99),
            KeyLag = default,
            KeyAge = default,
            BankAge = default,
            BatchNormPolicy = "",
            TrafficPerLease = new(bytes, 0, 0, 0, 0, 0),
        },
    };
}
