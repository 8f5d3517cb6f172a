using System.Text.Json;
using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Hosting.Ledgers;

namespace OrleansContrastive.Hosting.Tests.Ledgers;

/// <summary>The audit finds what is wrong with the books, and nothing where they agree.</summary>
public sealed class LedgerAuditTests
{
    private const int Size = 8;

    private static readonly RunSpec Spec = new()
    {
        Method = "moco-v2",
        Dataset = new() { Name = "synthetic", Fingerprint = "f", Count = 10 * Size, Channels = 3, ImageSize = 12 },
        Model = new() { Encoder = "resnet8-w8", Head = "mlp", Precision = "float32" },
        Augmentations = [],
        Contrast = new() { Temperature = 0.1, QueueLength = 64, KeyMomentum = 0.9 },
        Optimizer = new() { LearningRate = 0.1 },
        Consistency = new() { Mode = ConsistencyMode.Unbounded },
        Topology = new(),
        Epochs = 2,
        Batch = Size,
        LeaseSize = Size,
        Seed = 1,
    };

    [Fact]
    public void Books_that_agree_show_nothing()
    {
        var audit = Audit(Manifest(done: 12), [.. Enumerable.Range(0, 12).Select(ordinal => Line(ordinal))], rows: 12 * Size);
        Assert.Equal((12, 0, 0, 0), (audit.Acknowledged, audit.UpdatesLost, audit.SamplesCountedTwice, audit.SamplesNeverCounted));
        Assert.Equal(audit.RowsExpected, audit.RowsTaken);
    }

    [Fact]
    public void An_acknowledged_commit_that_the_checkpoint_lacks_is_lost() =>
        Assert.Equal(1, Audit(Manifest(done: 12), [Line(3), Line(12)], rows: 0).UpdatesLost);

    [Fact]
    public void A_commit_that_was_made_again_in_a_later_history_was_lost_before()
    {
        var audit = Audit(Manifest(done: 12), [Line(3), Line(3, attempt: 9, history: 1), Line(4)], rows: 0);
        Assert.Equal((1, 0), (audit.UpdatesLost, audit.SamplesCountedTwice));
    }

    [Fact]
    public void Two_commits_of_a_lease_in_one_history_count_its_samples_twice() =>
        Assert.Equal(Size, Audit(Manifest(done: 12), [Line(3), Line(3, attempt: 9)], rows: 0).SamplesCountedTwice);

    [Fact]
    public void A_count_that_is_not_that_of_the_done_leases_is_seen_both_ways()
    {
        Assert.Equal(5, Audit(Manifest(done: 12) with { SamplesApplied = (12 * Size) + 5 }, [], rows: 0).SamplesCountedTwice);
        Assert.Equal(5, Audit(Manifest(done: 12) with { SamplesApplied = (12 * Size) - 5 }, [], rows: 0).SamplesNeverCounted);
    }

    [Fact]
    public void What_a_complete_run_has_not_done_was_never_counted()
    {
        Assert.Equal(0, Audit(Manifest(done: 20), [], rows: 0, complete: true).SamplesNeverCounted);
        Assert.Equal(8 * Size, Audit(Manifest(done: 12), [], rows: 0, complete: true).SamplesNeverCounted);
    }

    [Fact]
    public void A_skipped_lease_is_done_and_has_no_samples()
    {
        var audit = Audit(Manifest(done: 12) with { SamplesApplied = 11 * Size }, [Line(5) with { Skipped = true }], rows: 11 * Size);
        Assert.Equal((0, 0, 0), (audit.UpdatesLost, audit.SamplesCountedTwice, audit.SamplesNeverCounted));
    }

    [Fact]
    public async Task What_encoders_wrote_is_read_back_and_a_line_cut_off_by_a_kill_is_passed_over()
    {
        var folder = Directory.CreateTempSubdirectory("oc-ledger-").FullName;
        using (var ledger = new CommitLedgerFile(folder, "silo"))
        {
            foreach (var ordinal in new[] { 1, 2 })
            {
                ledger.Append("run", new()
                {
                    Attempt = new(LeaseId.At(ordinal, 10), ordinal),
                    History = 0,
                    Encoder = "run/enc/silo/0",
                    BaseVersion = 0,
                    KeyVersion = 0,
                    Samples = Size,
                    Measures = default,
                });
            }
        }

        await File.AppendAllTextAsync(Path.Combine(folder, "silo.jsonl"), "{\"run\":\"run\",\"ep", TestContext.Current.CancellationToken);
        var lines = await CommitLedgerFile.ReadAsync(folder, "run", TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        Assert.Equal([Line(1), Line(2, attempt: 2)], lines);
    }

    private static LedgerAudit Audit(Manifest manifest, IReadOnlyList<LedgerLine> lines, long rows, bool complete = false) =>
        LedgerAudit.Compare(Spec, manifest, lines, rows, complete);

    private static LedgerLine Line(int ordinal, long attempt = 1, long history = 0) => new()
    {
        Run = "run",
        Epoch = ordinal / 10,
        Index = ordinal % 10,
        Attempt = attempt,
        History = history,
        Samples = Size,
        Skipped = false,
        Encoder = "run/enc/silo/0",
    };

    /// <summary>The first so many leases but two are below the cursor; the last two lie beyond a gap of none.</summary>
    private static Manifest Manifest(int done)
    {
        var closed = done - 2;
        return new()
        {
            RunId = "run",
            Version = done,
            SamplesApplied = (long)done * Size,
            Cursor = new(closed / 10, closed % 10),
            AppliedLeases = LeaseRange.Compress([Lease(closed), Lease(closed + 1)]),
            Spec = JsonSerializer.SerializeToElement(Spec),
            Files = [],
        };

        static (int Epoch, long Index) Lease(int ordinal) => (ordinal / 10, ordinal % 10);
    }
}
