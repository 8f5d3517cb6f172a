using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Runs;

namespace OrleansContrastive.Grains.Tests.Protocol;

public sealed class RunLedgerTests
{
    private static RunLedger Ledger(RunSpec spec, long term = 1) => new(spec, new(term, 0), new LedgerCursor(spec.LeasesPerEpoch));

    private static LeaseReply Acquire(RunLedger ledger, string encoder = "a", bool idle = true) =>
        ledger.Acquire(new(encoder, ledger.Fence.History, idle), encoders: 2);

    private static BeginReply Begin(RunLedger ledger, LeaseReply lease, string encoder) =>
        ledger.Begin(new(encoder, ledger.Fence.History, lease.Attempt), ledger.Version);

    private static CommitOutcome Commit(RunLedger ledger, LeaseReply lease, long? baseVersion = null, bool skipped = false) => ledger.Commit(new()
    {
        Attempt = lease.Attempt,
        History = ledger.Fence.History,
        Encoder = "a",
        BaseVersion = baseVersion ?? Math.Max(0, lease.BaseVersion),
        KeyVersion = 0,
        Samples = 4,
        Skipped = skipped,
        Measures = default,
    });

    [Fact]
    public void Lockstep_makes_a_version_of_its_slots_in_slot_order_whoever_was_first()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Lockstep));
        var (first, second) = (Acquire(ledger, "a"), Acquire(ledger, "b"));

        Assert.Equal(CommitOutcome.Pending, Commit(ledger, second));
        Assert.Equal(0, ledger.Version);
        Assert.Equal(CommitOutcome.Accepted, Commit(ledger, first));

        Assert.Equal(1, ledger.Version);
        var order = Assert.Single(ledger.OrdersAfter(0, 10));
        Assert.Equal([new(0, 0), new(0, 1)], order.Leases.Select(lease => lease.Attempt.Lease));
        Assert.Equal(0, order.SamplesBefore);
        Assert.Equal(8, order.Samples);
    }

    [Fact]
    public void Lockstep_leaves_every_encoder_its_share_of_the_next_version()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Lockstep));
        var (first, second) = (Acquire(ledger, "a"), Acquire(ledger, "b"));
        Assert.Equal(new LeaseId(0, 2), Acquire(ledger, "a", idle: false).Attempt.Lease);

        // The rest of version 2 is the other's, however often the quick one asks...
        Commit(ledger, first);
        Assert.Equal(LeaseOutcome.Wait, Acquire(ledger, "a").Outcome);
        Assert.Equal(new LeaseId(0, 3), Acquire(ledger, "b", idle: false).Attempt.Lease);

        // ...unless it is the step in hand, and nobody has it.
        Commit(ledger, second);
        ledger.EndAttempts("b");
        Assert.Equal(new LeaseId(0, 3), Acquire(ledger, "a").Attempt.Lease);
    }

    [Fact]
    public void Unbounded_makes_a_version_of_every_lease_in_the_order_of_commits()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Unbounded));
        var (first, second) = (Acquire(ledger, "a"), Acquire(ledger, "b"));

        Commit(ledger, second);
        Commit(ledger, first);

        Assert.Equal([new(0, 1), new(0, 0)], ledger.OrdersAfter(0, 10).Select(order => order.Leases[0].Attempt.Lease));
    }

    [Fact]
    public void Bounded_lets_a_fast_encoder_run_ahead_to_the_bound_and_no_further()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Bounded, encoders: 2, bound: 2));
        var slow = Acquire(ledger, "slow");
        Assert.Equal(BeginOutcome.Begin, Begin(ledger, slow, "slow").Outcome);
        var ahead = 0;
        while (true)
        {
            var lease = Acquire(ledger, "fast");
            if (Begin(ledger, lease, "fast").Outcome == BeginOutcome.Wait) break;
            Assert.Equal(CommitOutcome.Accepted, Commit(ledger, lease, ledger.Version));
            ahead++;
        }

        Assert.Equal(4, ahead);
        Assert.Equal(CommitOutcome.Accepted, Commit(ledger, slow, baseVersion: 0));
        Assert.Equal(4, ledger.OrdersAfter(4, 1)[0].StalenessOf(ledger.OrdersAfter(4, 1)[0].Leases[0]));
    }

    [Fact]
    public void Bounded_goes_on_when_the_encoder_that_everybody_waits_for_is_gone()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Bounded, encoders: 1, bound: 1));
        var dead = Acquire(ledger, "dead");
        Begin(ledger, dead, "dead");
        var first = Acquire(ledger, "alive");
        Assert.Equal(BeginOutcome.Begin, Begin(ledger, first, "alive").Outcome);
        Commit(ledger, first, baseVersion: 0);
        var second = Acquire(ledger, "alive");
        Assert.Equal(BeginOutcome.Wait, Begin(ledger, second, "alive").Outcome);

        ledger.EndAttempts("dead");

        Assert.Equal(BeginOutcome.Drop, Begin(ledger, dead, "dead").Outcome);
        Assert.Equal(BeginOutcome.Begin, Begin(ledger, second, "alive").Outcome);
        // What the dead one sends late would make the living one too stale.
        Assert.Equal(CommitOutcome.Accepted, Commit(ledger, second, baseVersion: 1));
        Assert.Equal(CommitOutcome.Refused, Commit(ledger, dead, baseVersion: 0));
    }

    [Fact]
    public void A_lease_commits_once_however_many_attempts_there_are()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Unbounded));
        var first = Acquire(ledger);
        Assert.Equal(1, ledger.EndAttempts("a"));
        var second = Acquire(ledger, "b");

        Assert.Equal(first.Attempt.Lease, second.Attempt.Lease);
        Assert.NotEqual(first.Attempt, second.Attempt);
        Assert.Equal(CommitOutcome.Accepted, Commit(ledger, first));
        Assert.Equal(CommitOutcome.Committed, Commit(ledger, second));
        Assert.Equal(CommitOutcome.Accepted, Commit(ledger, first));
        Assert.Equal(1, ledger.Version);
    }

    [Fact]
    public void Attempts_of_two_terms_never_have_the_same_number()
    {
        var spec = TestSpecs.Create(ConsistencyMode.Unbounded);
        Assert.NotEqual(Acquire(Ledger(spec, term: 1)).Attempt, Acquire(Ledger(spec, term: 2)).Attempt);
    }

    [Fact]
    public void Lockstep_refuses_a_gradient_of_another_version()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Lockstep));
        var ahead = Enumerable.Range(0, 3).Select(i => Acquire(ledger, $"e{i}", idle: false)).ToList()[2];

        Assert.Equal(1, ahead.BaseVersion);
        Assert.Equal(CommitOutcome.Refused, Commit(ledger, ahead));
    }

    [Fact]
    public void Another_history_is_answered_by_name_and_never_by_an_exception()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Unbounded));
        Assert.Equal(LeaseOutcome.OtherHistory, ledger.Acquire(new("a", 7, true), encoders: 2).Outcome);
        Assert.Equal(CommitOutcome.Refused, ledger.Commit(new()
        {
            Attempt = new(new(0, 0), 1),
            History = 7,
            Encoder = "a",
            BaseVersion = 0,
            KeyVersion = 0,
            Samples = 4,
            Measures = default,
        }));
    }

    [Fact]
    public void A_lost_slot_is_given_to_an_encoder_that_already_holds_leases_ahead()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Lockstep, slots: 2, encoders: 2));
        var mine = Acquire(ledger, "a");
        Acquire(ledger, "b");
        Acquire(ledger, "a", idle: false);
        Commit(ledger, mine);
        Acquire(ledger, "a", idle: false);

        Assert.Equal(1, ledger.EndAttempts("b"));
        var rescued = Acquire(ledger, "a", idle: true);

        Assert.Equal(LeaseOutcome.Granted, rescued.Outcome);
        Assert.Equal(new LeaseId(0, 1), rescued.Attempt.Lease);
    }

    [Fact]
    public void The_orders_of_a_shard_rebuild_the_book_of_a_lost_run_grain()
    {
        var spec = TestSpecs.Create(ConsistencyMode.Unbounded);
        var ledger = Ledger(spec);
        var leases = Enumerable.Range(0, 5).Select(i => Acquire(ledger, $"e{i}")).ToList();
        foreach (var i in new[] { 3, 0, 4 }) Commit(ledger, leases[i]);

        var recovered = new RunLedger(spec, new(2, 0), new LedgerCursor(spec.LeasesPerEpoch));
        recovered.Recover(ledger.OrdersAfter(0, 100));

        Assert.Equal(3, recovered.Version);
        Assert.Equal(12, recovered.Cursor.SamplesApplied);
        Assert.Equal(new LeaseId(0, 1), Acquire(recovered, "x").Attempt.Lease);
        Assert.Equal(new LeaseId(0, 2), Acquire(recovered, "y").Attempt.Lease);
        Assert.Equal(new LeaseId(0, 5), Acquire(recovered, "z").Attempt.Lease);
    }

    [Theory]
    [InlineData(ConsistencyMode.Unbounded)]
    [InlineData(ConsistencyMode.Lockstep)]
    public void A_new_book_grants_nothing_that_is_done_when_an_older_attempt_commits_beyond_it(ConsistencyMode mode)
    {
        var spec = TestSpecs.Create(mode, slots: 5, encoders: 5);
        var ledger = Ledger(spec);
        var leases = Enumerable.Range(0, 5).Select(i => Acquire(ledger, $"e{i}")).ToList();
        // In lockstep both are slots of a version that waits for the others; otherwise versions of their own.
        var recovered = new RunLedger(spec, new(2, 0), new LedgerCursor(spec.LeasesPerEpoch));
        foreach (var i in new[] { 1, 3 }) Commit(mode == ConsistencyMode.Lockstep ? recovered : ledger, leases[i]);
        recovered.Recover(ledger.OrdersAfter(0, 100));

        Commit(recovered, leases[4]);

        Assert.Equal(new LeaseId(0, 0), Acquire(recovered, "x").Attempt.Lease);
        Assert.Equal(new LeaseId(0, 2), Acquire(recovered, "y").Attempt.Lease);
        Assert.NotEqual(new LeaseId(0, 3), Acquire(recovered, "z").Attempt.Lease);
    }

    [Fact]
    public void Skipped_leases_are_done_without_a_sample()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Unbounded));
        Commit(ledger, Acquire(ledger), skipped: true);

        Assert.Equal((1L, 0L, 1L), (ledger.Version, ledger.Cursor.SamplesApplied, ledger.Cursor.LeasesSkipped));
    }

    [Fact]
    public void A_lease_that_its_encoder_does_not_hold_any_more_is_granted_again()
    {
        var ledger = Ledger(TestSpecs.Create(ConsistencyMode.Unbounded));
        var first = Acquire(ledger, "a");

        var again = ledger.Acquire(new("a", 0, Idle: true, Holding: []), encoders: 2);
        var other = ledger.Acquire(new("a", 0, Idle: true, Holding: [again.Attempt]), encoders: 2);

        Assert.Equal(first.Attempt.Lease, again.Attempt.Lease);
        Assert.NotEqual(first.Attempt, again.Attempt);
        Assert.NotEqual(again.Attempt.Lease, other.Attempt.Lease);
        Assert.Equal(1, ledger.Regranted);
    }
}
