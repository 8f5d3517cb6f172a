using System.Runtime.InteropServices;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Grains.Tests.Runs;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Optimizers;
using TorchSharp;

namespace OrleansContrastive.Grains.Tests.Shards;

/// <summary>A member that was filled half-way corrects late gradients to the bit as one that was there from the start.</summary>
public sealed class CompensatedReplicaTests
{
    [Theory]
    [InlineData(StalenessCorrection.DelayCompensation)]
    [InlineData(StalenessCorrection.AdaptiveDelayCompensation)]
    public void A_follower_that_was_filled_from_an_image_has_the_primarys_bits(StalenessCorrection correction)
    {
        var spec = SmallRuns.Lockstep(steps: 12) with
        {
            Consistency = new() { Mode = ConsistencyMode.Bounded, StalenessBound = 2, Correction = correction, Compensation = 2 },
            Topology = new() { Encoders = 2 },
        };
        var primary = new Member(spec);
        foreach (var version in new long[] { 1, 2, 3, 4, 5 }) primary.Apply(version, baseVersion: Math.Max(0, version - 3));
        var follower = new Member(spec, primary.Image(), version: 5);
        foreach (var version in new long[] { 6, 7, 8 })
        {
            // Gradients of versions that the follower never applied itself.
            primary.Apply(version, baseVersion: version - 5);
            follower.Apply(version, baseVersion: version - 5);
        }

        Assert.Equal(primary.State, follower.State);
        // Otherwise the base weights would not matter.
        var fresh = new Member(spec, primary.Image(), version: 8);
        fresh.Apply(9, baseVersion: 8);
        primary.Apply(9, baseVersion: 4);
        Assert.NotEqual(primary.State, fresh.State);
    }

    private sealed class Member
    {
        private readonly ShardLayout _layout;
        private readonly ParameterRun[] _runs;
        private readonly UpdateRule _rule;
        private readonly BaseWeights _bases;
        private ParameterVersion _newest;

        public Member(RunSpec spec, SafeTensorsContent? image = null, long version = 0)
        {
            using var scope = torch.NewDisposeScope();
            using var model = ModelFactory.Create(spec, torch.CPU);
            _layout = model.Layout.Split(1)[0];
            _runs = ParameterRun.Of(_layout);
            (_rule, _bases) = (new(spec), new(spec));
            foreach (var (kept, weights) in image is null ? [] : ParameterFiles.Bases(image)) _bases.Add(kept, weights);
            _newest = image is null
                ? ParameterVersion.Start(torch.ScalarType.Float32, ModelExchange.ReadParameters(model, _layout), ModelExchange.ReadMoments(model, _layout), BaseWeights.Adapts(spec))
                : ParameterFiles.Restore(image, _layout, version, torch.ScalarType.Float32, BaseWeights.Adapts(spec));
            _bases.Add(_newest.Number, _newest.Weights);
        }

        public byte[][] State => [_newest.Weights.ToArray(), _newest.Velocity.ToArray(), _newest.KeyWeights.ToArray(), _newest.MeanSquare.ToArray()];

        public void Apply(long version, long baseVersion)
        {
            var random = new Random((int)version);
            var gradient = new float[_newest.Count];
            for (var i = 0; i < gradient.Length; i++) gradient[i] = (float)(random.NextDouble() - 0.5);
            var order = new VersionOrder { Version = version, SamplesBefore = 8 * (version - 1), Leases = [new(new(new(0, (int)version), 1), 8, false, baseVersion)] };
            StagedUpdate update = new(MemoryMarshal.AsBytes(gradient.AsSpan()).ToArray(), _newest.Moments, 8);
            _newest = _newest.Next([update], _runs, _rule.At(order), compensation: _bases.For(order));
            _bases.Add(version, _newest.Weights);
        }

        public SafeTensorsContent Image() => new(
            [.. ParameterFiles.Tensors(_newest, _layout), .. ParameterFiles.Bases(_bases, _layout)], new Dictionary<string, string>());
    }
}
