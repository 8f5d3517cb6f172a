using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Optimizers;

public sealed class ParameterVersionTests
{
    private const int Count = 5000;
    private static readonly SgdStep Step = new(0.05, 0.9, 1e-2, false, 0.99);
    private static readonly ParameterRun[] Everything = [new(0, Count, true)];

    [Fact]
    public void Starts_with_both_encoders_alike_and_no_velocity()
    {
        var start = Start();
        Assert.Equal(0, start.Number);
        Assert.True(start.KeyWeights.Span.SequenceEqual(start.Weights.Span));
        Assert.Equal(-1, start.Velocity.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_next_version_leaves_the_former_untouched()
    {
        var start = Start();
        var before = start.Weights.ToArray();
        var next = start.Next([Update(7, 4)], Everything, Step);

        Assert.Equal(1, next.Number);
        Assert.Equal(before, start.Weights.ToArray());
        Assert.False(next.Weights.Span.SequenceEqual(start.Weights.Span));
    }

    [Fact]
    public void Parts_are_averaged_by_their_samples()
    {
        var (a, b) = (Update(1, 1), Update(2, 3));
        var mean = new float[Count];
        for (var i = 0; i < Count; i++)
        {
            mean[i] = (float)(0.25 * Floats(a.Gradient)[i] + 0.75 * Floats(b.Gradient)[i]);
        }

        var expected = Start().Next([new(Bytes(mean), default, 4)], Everything, Step);
        var found = Start().Next([a, b], Everything, Step);
        Close.All(Floats(expected.Weights), Floats(found.Weights), 1e-6);
    }

    [Fact]
    public void Shards_of_any_cut_and_any_number_of_threads_have_the_bits_of_the_whole()
    {
        const int Large = 600_000;
        ParameterRun[] runs = [new(0, 1000, true), new(1000, 299_001, false), new(300_001, Large - 300_001, true)];
        var start = Version(Pattern.Single(Large, 1));
        StagedUpdate[] updates = [new(Bytes(Pattern.Single(Large, 2)), default, 3), new(Bytes(Pattern.Single(Large, 3)), default, 5)];
        var whole = start.Next(updates, runs, Step).Next(updates, runs, Step);
        var threaded = start.Next(updates, runs, Step, threads: 2).Next(updates, runs, Step, threads: 2);
        Assert.True(whole.Weights.Span.SequenceEqual(threaded.Weights.Span));
        Assert.True(whole.KeyWeights.Span.SequenceEqual(threaded.KeyWeights.Span));

        const int Cut = 1000 * sizeof(float);
        var head = Version(Floats(start.Weights[..Cut]));
        StagedUpdate[] headUpdates = [.. updates.Select(update => update with { Gradient = update.Gradient[..Cut] })];
        var shard = head.Next(headUpdates, [new(0, 1000, true)], Step).Next(headUpdates, [new(0, 1000, true)], Step);
        Assert.True(whole.Weights.Span[..Cut].SequenceEqual(shard.Weights.Span));
        Assert.True(whole.Velocity.Span[..Cut].SequenceEqual(shard.Velocity.Span));
    }

    [Fact]
    public void Weight_decay_spares_the_runs_that_do_not_decay()
    {
        var zero = new StagedUpdate(new byte[Count * sizeof(float)], default, 1);
        var next = Start().Next([zero], [new(0, 10, true), new(10, Count - 10, false)], Step);
        var (before, after) = (Floats(Start().Weights), Floats(next.Weights));
        Assert.Equal(before[10..], after[10..]);
        Assert.All(Enumerable.Range(0, 10), i => Assert.NotEqual(before[i], after[i]));
    }

    [Fact]
    public void A_version_of_skipped_leases_changes_nothing_but_its_number()
    {
        var start = Start();
        var next = start.Next([], Everything, Step);
        Assert.Equal(1, next.Number);
        Assert.True(next.Weights.Span.SequenceEqual(start.Weights.Span));
        Assert.True(next.KeyWeights.Span.SequenceEqual(start.KeyWeights.Span));
    }

    [Fact]
    public void Running_moments_fold_as_in_PyTorch()
    {
        var golden = new GoldenFile("Optimizers/golden/sgd.golden");
        var weights = new byte[sizeof(float)];
        var start = ParameterVersion.Start(torch.ScalarType.Float32, weights, Bytes(golden.Single("moments.running")));
        var next = start.Next([new(weights, Bytes(golden.Single("moments.batch")), 9)], [new(0, 1, true)], Step);
        Close.All(golden.Single("moments.next"), Floats(next.Moments), 1e-6);
    }

    [Fact]
    public void A_part_of_another_length_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Start().Next([new(new byte[8], default, 1)], Everything, Step));
        Assert.Contains("slot 0 has 8 bytes; expected 20000", error.Message);
    }

    [Fact]
    public void A_part_without_samples_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Start().Next([Update(1, 0)], Everything, Step));
        Assert.Contains("stands for 0 samples", error.Message);
    }

    [Fact]
    public void Runs_join_where_they_are_alike_and_must_cover_the_shard()
    {
        Assert.Equal(
            [new(0, 5, true), new(5, 2, false)],
            ParameterRun.Join([new(0, 3, true), new(3, 2, true), new(5, 2, false)], 7));
        Assert.Contains("end at 3; expected 7", Assert.Throws<ArgumentException>(() => ParameterRun.Join([new(0, 3, true)], 7)).Message);
        Assert.Contains("begins at 4; expected 3", Assert.Throws<ArgumentException>(() => ParameterRun.Join([new(0, 3, true), new(4, 3, true)], 7)).Message);
    }

    private static ParameterVersion Start() => Version(Pattern.Single(Count, 11));

    private static ParameterVersion Version(ReadOnlySpan<float> weights) =>
        ParameterVersion.Start(torch.ScalarType.Float32, Bytes(weights), default);

    private static StagedUpdate Update(ulong seed, int samples) => new(Bytes(Pattern.Single(Count, seed)), default, samples);

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();

    private static float[] Floats(ReadOnlyMemory<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray();
}
