using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Losses;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// What an encoder does with one lease: fetch views, weights, keys and negatives, compute, stage. Tensor work runs on
/// the lane; what lies between is messages.
/// </summary>
internal sealed class EncoderStep(IGrainFactory grains, string encoder, DeviceExecutor lane) : IAsyncDisposable
{
    private readonly ParameterReader _weights = new(grains, ParameterKind.Query, byWire: true);
    private readonly GradientWire _wire = new();
    private readonly QueueReader _queue = new(grains, lane);
    private EncoderReplica? _replica;

    /// <summary>Has the views of a lease made, ahead of time.</summary>
    public async Task PrepareAsync(RunView view, LeaseId lease)
    {
        try
        {
            await Augmentation(view, lease).PrepareAsync(new(lease, view.Spec));
        }
        catch (Exception)
        {
            // It shows again when the views are taken.
        }
    }

    /// <summary>Computes and stages a lease. Null if the version that it needs is not there yet.</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="lease">What was granted.</param>
    /// <param name="atLeast">The oldest version of the weights that will do.</param>
    /// <exception cref="StaleViewException">The cluster works in another history.</exception>
    public async Task<CommitRequest?> TryComputeAsync(RunView view, LeaseReply lease, long atLeast = 0)
    {
        var spec = view.Spec;
        var (attempt, version) = (lease.Attempt, lease.BaseVersion);
        if (await _weights.TryFetchAsync(view, version) is not { } weights || weights.Version < atLeast) return null;

        var views = await ViewsAsync(view, attempt.Lease);
        var samples = views[0].SampleIds;
        // Every image was broken: there is nothing to ask keys for.
        if (samples.Length == 0) return Skipped(attempt, view, weights.Version, views[0].Broken.Length);

        var keys = KeysAsync(view, lease);
        var queries = await lane.RunAsync(() => Replica(spec).Forward(weights, views));
        var keyReply = await keys;
        if (keyReply.Status != ShardStatus.Ok)
        {
            await lane.RunAsync(() => _replica!.Drop());
            return null;
        }

        var (outcome, gradients) = spec.Contrast.Mode == NegativeMode.Mirror
            ? await MirroredAsync(view, version, keyReply)
            : await AtTheShardsAsync(view, version, queries, keyReply, samples);
        if (gradients is null) return Skipped(attempt, view, weights.Version, views[0].Broken.Length);

        gradients = _wire.Pack(view, gradients);
        await Task.WhenAll(StageGradients(view, attempt, gradients).Concat(StageRows(view, attempt, keyReply, samples)));
        return new()
        {
            Attempt = attempt,
            History = view.History,
            Encoder = encoder,
            BaseVersion = weights.Version,
            KeyVersion = keyReply.Version,
            Samples = samples.Length,
            Measures = Measures(outcome, views[0].Broken.Length),
        };
    }

    /// <summary>What became of the lease that was computed last.</summary>
    public void Settle(bool committed) => _wire.Settle(committed);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_replica is { } replica) await lane.RunAsync(replica.Dispose);
        await _queue.DisposeAsync();
    }

    private static StepMeasures Measures(LossValue value, int broken) => new(
        value.Loss, value.ChanceLevel, value.Accuracy, value.PositiveSimilarity, value.Entropy, (long)value.Negatives, broken);

    private EncoderReplica Replica(RunSpec spec) => _replica ??= new(spec, lane.Device);

    private CommitRequest Skipped(LeaseAttempt attempt, RunView view, long version, int broken) => new()
    {
        Attempt = attempt,
        History = view.History,
        Encoder = encoder,
        BaseVersion = version,
        KeyVersion = version,
        Samples = view.Spec.LeaseSize,
        Skipped = true,
        Measures = new() { BrokenImages = broken },
    };

    private IAugmentationGrain Augmentation(RunView view, LeaseId lease) =>
        grains.GetGrain<IAugmentationGrain>(AugmentationKey(view, lease));

    private static string AugmentationKey(RunView view, LeaseId lease) =>
        view.Augmentations[(int)(lease.Ordinal(view.Spec.LeasesPerEpoch) % view.Augmentations.Length)];

    private Task<ViewBatch[]> ViewsAsync(RunView view, LeaseId lease)
    {
        var order = new ViewOrder(lease, view.Spec);
        ViewBranch[] branches = view.Spec.Contrast.Symmetric ? [ViewBranch.Query, ViewBranch.Key] : [ViewBranch.Query];
        return Task.WhenAll(branches.Select(branch => Augmentation(view, lease).TakeAsync(order, branch)));
    }

    private Task<KeyReply> KeysAsync(RunView view, LeaseReply lease)
    {
        var mine = Array.IndexOf(view.Encoders, encoder);
        var key = view.MomentumEncoders[Math.Max(0, mine) % view.MomentumEncoders.Length];
        return grains.GetGrain<IMomentumEncoderGrain>(key).EncodeAsync(new()
        {
            Lease = lease.Attempt.Lease,
            View = view,
            Version = lease.BaseVersion,
            Augmentation = AugmentationKey(view, lease.Attempt.Lease),
        });
    }

    private async Task<(LossValue Value, StepGradients? Gradients)> MirroredAsync(RunView view, long version, KeyReply keys)
    {
        await _queue.CatchUpAsync(view, version);
        return await lane.RunAsync(() => _replica!.Contrast(keys.Keys!, _queue.Mirror));
    }

    private async Task<(LossValue Value, StepGradients? Gradients)> AtTheShardsAsync(
        RunView view, long version, TensorBlock[] queries, KeyReply keys, long[] samples)
    {
        var parts = await Task.WhenAll(queries.Select(block => _queue.ContrastAsync(view, version, block, samples)));
        return await lane.RunAsync(() => _replica!.Contrast(keys.Keys!, parts));
    }

    private IEnumerable<Task> StageGradients(RunView view, LeaseAttempt attempt, StepGradients gradients)
    {
        var (type, master) = (gradients.Type ?? ModelFactory.MasterType(view.Spec), ModelFactory.MasterType(view.Spec));
        for (var shard = 0; shard < view.ParameterShards.Length; shard++)
        {
            var key = view.ParameterShards[shard];
            var (flat, moments) = (gradients.Shards[shard], gradients.Moments[shard]);
            var most = view.Spec.MaxBlockBytes / type.Size() * type.Size();
            // A shard without parameters is staged too: it has to see the lease.
            for (var offset = 0; offset == 0 || offset < flat.Length; offset += most)
            {
                yield return StageAsync(key, grains.GetGrain<IParameterServerGrain>(key).StageAsync(new()
                {
                    Attempt = attempt,
                    History = view.History,
                    Offset = offset / type.Size(),
                    Gradient = Blocks.Flat(type, flat.Slice(offset, Math.Min(most, flat.Length - offset))),
                    Moments = offset == 0 ? Blocks.Flat(master, moments) : null,
                }));
            }
        }
    }

    private IEnumerable<Task> StageRows(RunView view, LeaseAttempt attempt, KeyReply keys, long[] samples)
    {
        var all = view.Spec.Contrast.Symmetric ? [.. samples, .. samples] : samples;
        var deal = new RowDeal(keys.Keys!, all, attempt.Lease.Ordinal(view.Spec.LeasesPerEpoch), view.NegativeShards.Length);
        for (var shard = 0; shard < view.NegativeShards.Length; shard++)
        {
            var (rows, ids, first) = deal.Of(shard);
            var key = view.NegativeShards[shard];
            yield return StageAsync(key, grains.GetGrain<INegativeStoreGrain>(key).StageAsync(new()
            {
                Attempt = attempt,
                History = view.History,
                KeyVersion = keys.Version,
                Rows = rows,
                SampleIds = ids,
                FirstPosition = first,
            }));
        }
    }

    private static async Task StageAsync(string key, Task<ShardReply> call)
    {
        // Committed means that another attempt was faster; the run grain will say so.
        var reply = await call;
        StaleViewException.ThrowIf(key, reply.Status);
    }
}
