using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Tests.Protocol;
using OrleansContrastive.Grains.Workers;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Grains.Tests.Runs;

/// <summary>Who encodes keys and what is fetched ahead changes times, not what lockstep learns.</summary>
public sealed class KeyEncodingTests
{
    [Fact]
    public async Task Local_keys_and_any_prefetch_learn_the_same_bits_in_lockstep()
    {
        var spec = SmallRuns.Lockstep(steps: 8, batch: 16).CutInto(2);
        var shared = await TestRun.TrainAsync(spec with { Prefetch = Prefetch.None });
        var local = await TestRun.TrainAsync(spec with { Contrast = spec.Contrast with { KeyEncoding = KeyEncoding.Local } });
        shared.AssertEqual(local);
        shared.AssertEqual(await TestRun.TrainAsync(spec with { Prefetch = Prefetch.Weights }));
    }

    [Fact]
    public async Task Keys_of_a_steps_slots_are_encoded_together_whoever_does_it()
    {
        var apart = SmallRuns.Lockstep(steps: 6, batch: 16).CutInto(2);
        apart = apart with { Contrast = apart.Contrast with { Symmetric = true } };
        var together = apart with { Contrast = apart.Contrast with { KeyBatch = 2 } };
        var one = await TestRun.TrainAsync(together with { Topology = together.Topology with { KeyEncoders = 1 } });
        one.AssertEqual(await TestRun.TrainAsync(together));

        // Permuted over the whole step, keys meet other neighbours; unpermuted, every lease keeps its own.
        Assert.True(one.Distance(await TestRun.TrainAsync(apart), wide: false) > 1e-4);
        var still = Unshuffled(together with { Dataset = together.Dataset with { Count = 16 } });
        var stillApart = Unshuffled(apart with { Dataset = apart.Dataset with { Count = 16 } });
        Assert.InRange((await TestRun.TrainAsync(still)).Distance(await TestRun.TrainAsync(stillApart), wide: false), 0, 1e-5);
    }

    [Fact]
    public async Task Asynchronous_batches_with_everything_fetched_ahead_count_every_sample_once()
    {
        var spec = SmallRuns.Lockstep(steps: 40);
        spec = spec with
        {
            Consistency = new() { Mode = ConsistencyMode.Bounded, StalenessBound = 2 },
            Contrast = spec.Contrast with { KeyBatch = 2, KeyDeadline = TimeSpan.FromMilliseconds(5) },
            Topology = new() { Encoders = 3, KeyEncoders = 1 },
            Prefetch = Prefetch.Weights,
        };
        using var folder = new TemporaryFolder();
        await using var run = await TestRun.OpenAsync(folder.Path, lanes: 2);
        await run.Grain.StartAsync(spec, hold: false);
        var status = await run.UntilAsync(status => status.Phase == RunPhase.Completed);

        Assert.Equal((40, 320, 0), (status.Version, status.SamplesApplied, status.SamplesSkipped));
        Assert.True(status.Asynchrony!.GradientStaleness.Max <= spec.MaximumStaleness, $"{status.Asynchrony.GradientStaleness}");
    }

    [Fact]
    public async Task A_batch_closes_when_it_is_full_or_at_its_deadline()
    {
        var calls = new List<LeaseId[]>();
        var batches = Batches(calls);
        var spec = Spec(ConsistencyMode.Unbounded, keyBatch: 3, TimeSpan.FromHours(1));
        var replies = await Task.WhenAll(new[] { 4, 1, 7 }.Select(lease => batches.EncodeAsync(Request(spec, lease, -1))));
        Assert.Equal([new(0, 1), new(0, 4), new(0, 7)], Assert.Single(calls));
        Assert.Equal([40, 10, 70], replies.Select(reply => reply.Version));

        var hasty = Spec(ConsistencyMode.Unbounded, keyBatch: 3, TimeSpan.FromMilliseconds(1));
        Assert.Equal(50, (await batches.EncodeAsync(Request(hasty, 5, -1))).Version);
        Assert.Equal([new(0, 5)], calls[1]);
    }

    [Fact]
    public async Task In_lockstep_the_first_slot_has_all_encoded_and_a_failure_is_tried_again()
    {
        var calls = new List<LeaseId[]>();
        var fails = 1;
        var batches = Batches(calls, () => fails-- > 0);
        var spec = Spec(ConsistencyMode.Lockstep, keyBatch: 2, TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<TimeoutException>(() => batches.EncodeAsync(Request(spec, 3, version: 1)));
        Assert.Equal(30, (await batches.EncodeAsync(Request(spec, 3, version: 1))).Version);
        Assert.Equal(20, (await batches.EncodeAsync(Request(spec, 2, version: 1))).Version);
        Assert.Equal(2, calls.Count);
        Assert.All(calls, call => Assert.Equal([new(0, 2), new(0, 3)], call));
    }

    private static KeyBatches Batches(List<LeaseId[]> calls, Func<bool>? fails = null) => new(
        (_, leases, _) =>
        {
            calls.Add([.. leases.Select(lease => lease.Lease)]);
            if (fails?.Invoke() == true) throw new TimeoutException("lost");
            IReadOnlyDictionary<LeaseId, KeyReply> replies = leases.ToDictionary(lease => lease.Lease, lease => new KeyReply
            {
                Status = ShardStatus.Ok,
                Version = lease.Lease.Index * 10,
                Keys = new(Contracts.Blocks.ElementType.Float32, [0, 2], ReadOnlyMemory<byte>.Empty),
            });
            return Task.FromResult(replies);
        },
        TimeProvider.System);

    private static RunSpec Spec(ConsistencyMode mode, int keyBatch, TimeSpan deadline)
    {
        var spec = TestSpecs.Create(mode);
        return spec with { Contrast = spec.Contrast with { KeyBatch = keyBatch, KeyDeadline = deadline } };
    }

    private static KeyRequest Request(RunSpec spec, int lease, long version) => new()
    {
        Lease = new(0, lease),
        Version = version,
        Augmentation = "a",
        View = new()
        {
            History = 0,
            Spec = spec,
            ParameterShards = ["p"],
            NegativeShards = ["n"],
            Encoders = ["e"],
            MomentumEncoders = ["k"],
            Augmentations = ["a"],
            Evaluation = "x",
        },
    };

    private static RunSpec Unshuffled(RunSpec spec) => spec with { Contrast = spec.Contrast with { ShuffleKeys = false } };
}
