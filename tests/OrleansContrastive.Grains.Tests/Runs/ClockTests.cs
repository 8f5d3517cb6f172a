using System.Diagnostics.Metrics;
using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Runs;
using OrleansContrastive.Grains.Tests.Protocol;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>What a run says of what is stale in it, and of what it moves.</summary>
public sealed class ClockTests
{
    [Fact]
    public void Quantiles_are_the_sorted_values_to_a_sixtieth() => Prop.ForAll(
        Gen.Choose(0, 300).Select(value => (long)value * value * value / 500).NonEmptyListOf().ToArbitrary(),
        ages =>
        {
            var histogram = new AgeHistogram();
            foreach (var age in ages) histogram.Add(age);
            var sorted = ages.Order().ToArray();
            foreach (var share in new[] { 0.5, 0.9, 0.99, 1 })
            {
                var expected = sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
                Assert.InRange(histogram.Quantile(share), expected, expected < 128 ? expected : expected + (expected / 60));
            }

            Assert.Equal((sorted.Length, sorted[^1]), (histogram.Summary.Count, histogram.Summary.Max));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_largest_age_has_a_place()
    {
        var histogram = new AgeHistogram();
        histogram.Add(long.MaxValue);
        histogram.Add(-3);
        Assert.Equal(new AgeSummary(2, 0, long.MaxValue, long.MaxValue, long.MaxValue), histogram.Summary);
    }

    [Fact]
    public void A_commit_moves_every_clock()
    {
        var clocks = new RunClocks();
        var spec = TestSpecs.Create(ConsistencyMode.Unbounded);
        clocks.Add(Commit(baseVersion: 7, keyVersion: 4, ages: [1, 2, 30], new Traffic(1, 2, 3, 4, 5, 6)), version: 10, spec);
        clocks.Add(Commit(baseVersion: 10, keyVersion: 10, ages: [1], new Traffic(3, 2, 1, 0, 1, 2)), version: 10, spec);

        var report = clocks.Report(spec);
        Assert.Equal(new AgeSummary(2, 0, 3, 3, 3), report.GradientStaleness);
        Assert.Equal(new AgeSummary(2, 0, 6, 6, 6), report.KeyLag);
        Assert.Equal(new AgeSummary(4, 1, 30, 30, 30), report.KeyAge);
        Assert.Equal(new Traffic(2, 2, 2, 2, 3, 4), report.TrafficPerLease);
        Assert.Equal(15, report.TrafficPerLease.Total);
        Assert.Contains("never averaged", report.BatchNormPolicy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(33, 1, "33 versions ago")]
    [InlineData(32, 0, "")]
    public void A_row_older_than_twice_the_queues_turn_is_a_warning(long oldest, int warnings, string text)
    {
        // 64 rows, 4 new ones a version: renewed in 16.
        var spec = TestSpecs.Create(ConsistencyMode.Unbounded, leases: 50);
        var clocks = new RunClocks();
        clocks.Add(Commit(0, 0, [1, oldest, 3], default), 40, spec);
        var found = clocks.Warnings(spec).ToArray();
        Assert.Equal(warnings, found.Length);
        if (warnings > 0) Assert.Contains(text, found[0].Text, StringComparison.Ordinal);
        Assert.Equal(found.Select(warning => warning.Text), clocks.Report(spec).Warnings);
    }

    [Fact]
    public void A_queue_as_long_as_the_data_set_is_a_warning()
    {
        var spec = TestSpecs.Create(ConsistencyMode.Lockstep, leases: 18);
        // 72 images, batches of 8: from 64 rows on.
        Assert.Contains("72 images", Assert.Single(new RunClocks().Warnings(spec)).Text, StringComparison.Ordinal);
        Assert.Empty(new RunClocks().Warnings(spec with { Contrast = spec.Contrast with { QueueLength = 63 } }));
    }

    [Fact]
    public void A_commit_is_heard_by_every_instrument()
    {
        var heard = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == RunInstruments.MeterName) listener.EnableMeasurementEvents(instrument);
            },
        };
        var own = Environment.CurrentManagedThreadId;
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            // Runs of other tests measure on other threads.
            if (Environment.CurrentManagedThreadId != own) return;
            var name = tags.Length == 0 ? instrument.Name : $"{instrument.Name}/{tags[0].Value}";
            heard[name] = heard.GetValueOrDefault(name) + value;
        });
        listener.Start();

        var spec = TestSpecs.Create(ConsistencyMode.Unbounded);
        var clocks = new RunClocks();
        clocks.Add(Commit(baseVersion: 7, keyVersion: 4, ages: [2, 30], new Traffic(1, 2, 3, 4, 5, 6)), version: 10, spec);
        clocks.Add(Commit(7, 4, [5], default), 10, spec with { Contrast = spec.Contrast with { Store = NegativeStoreKind.Bank } });
        clocks.LostResiduals(2);

        Assert.Equal((6, 12, 32, 5), (heard["oc.gradient.staleness"], heard["oc.key.lag"], heard["oc.key.age"], heard["oc.bank.age"]));
        Assert.Equal((8, 2), (heard["oc.samples"], heard["oc.residuals.lost"]));
        Assert.Equal([1, 2, 3, 4, 5, 6], new[] { "views", "keys", "gradients", "rows", "parameters", "contrast" }.Select(edge => heard[$"oc.bytes/{edge}"]));
    }

    [Fact]
    public void Rows_are_looked_at_evenly_and_the_oldest_always()
    {
        long[] versions = [.. Enumerable.Range(0, 1000).Select(row => 5000L - row)];
        var ids = Enumerable.Repeat(1L, 1000).ToArray();
        Array.Fill(ids, -1, 990, 10);
        var found = RowAges.Sample(versions, ids, 10);
        Assert.Equal([4011, 5000, 4900, 4800, 4700, 4600, 4500, 4400, 4300, 4200, 4100], found);
        Assert.Equal([5, 0, 1], RowAges.At(4905, [4900, 5000, 4904]));
        Assert.Empty(RowAges.Sample(versions, Enumerable.Repeat(-1L, 1000).ToArray(), 10));
    }

    [Theory]
    [InlineData(NegativeMode.Mirror)]
    [InlineData(NegativeMode.Shard)]
    public async Task A_run_reports_its_clocks_and_every_edge(NegativeMode mode)
    {
        var spec = SmallRuns.Lockstep(steps: 20);
        spec = spec with
        {
            Contrast = spec.Contrast with { Mode = mode },
            Consistency = new() { Mode = ConsistencyMode.Unbounded },
            Topology = new() { Encoders = 2, NegativeShards = 2 },
        };
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 2);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);

        var report = status.Asynchrony!;
        Assert.Equal((20, 20), (report.GradientStaleness.Count, report.KeyLag.Count));
        Assert.True(report.KeyAge.Count > 0 && report.KeyAge.Max is > 0 and <= 20, $"Key ages: {report.KeyAge}.");
        var traffic = report.TrafficPerLease;
        // 8 views of 12 x 12 for the query and as many for the key; 8 keys of 16 floats, staged once.
        Assert.Equal(2L * 8 * spec.Dataset.Channels * 12 * 12 * 4, traffic.Views);
        Assert.Equal((8L * 16 * 4, 8L * 16 * 4), (traffic.Keys, traffic.Rows));
        Assert.True(traffic.Gradients > 10_000 && traffic.Parameters > 10_000 && traffic.Contrast > 0, $"{traffic}");
    }

    private static CommitRequest Commit(long baseVersion, long keyVersion, long[] ages, Traffic traffic) => new()
    {
        Attempt = new(new(0, 0), 1),
        History = 0,
        Encoder = "e",
        BaseVersion = baseVersion,
        KeyVersion = keyVersion,
        Samples = 4,
        Measures = new() { RowAges = ages, Traffic = traffic },
    };
}
