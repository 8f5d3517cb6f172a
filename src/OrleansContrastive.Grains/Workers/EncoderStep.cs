using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Losses;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives.Sampling;

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
    private readonly KeyEncoder _keys = new(grains, lane);
    private readonly LeaseStager _stager = new(grains);
    private readonly Dictionary<LeaseAttempt, Ahead> _ahead = [];
    private readonly ParameterReader _moments = new(grains, ParameterKind.Moments);
    private EncoderReplica? _replica;
    private MethodPlan? _plan;
    private double _logPartition;

    /// <summary>The newest version of the weights that it has met; -1 = none.</summary>
    public long Newest => _weights.Newest;

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

    /// <summary>Computes a lease. Null if the version that it needs is not there yet.</summary>
    /// <param name="view">The view to work in.</param>
    /// <param name="lease">What was granted.</param>
    /// <param name="atLeast">The oldest version of the weights that will do.</param>
    /// <param name="next">The lease that comes after it, to fetch for meanwhile; null = none is known.</param>
    /// <exception cref="StaleViewException">The cluster works in another history.</exception>
    public async Task<ComputedLease?> TryComputeAsync(RunView view, LeaseReply lease, long atLeast = 0, LeaseReply? next = null)
    {
        var spec = view.Spec;
        var attempt = lease.Attempt;
        _ahead.Remove(attempt, out var ahead);
        if (ahead is not null && ahead.History != view.History) ahead = null;
        // Outside lockstep they are of the newest version, whichever the weights are of.
        if (spec.Consistency.Mode != ConsistencyMode.Lockstep && spec.Contrast.KeyEncoding == KeyEncoding.Shared && ahead?.Keys is null)
            ahead = new(view.History, ahead?.Views ?? ViewsAsync(view, attempt.Lease), KeysAsync(view, lease), ahead?.Weights);
        var fetched = _weights.BytesFetched;
        if (await WeightsAsync(view, lease, ahead, atLeast) is not { } weights)
        {
            if (ahead is not null) _ahead[attempt] = ahead;
            return null;
        }

        fetched = _weights.BytesFetched - fetched;
        var views = await (ahead?.Views ?? ViewsAsync(view, attempt.Lease));
        if (next is not null) FetchAhead(view, next);
        var samples = views[0].SampleIds;
        // Every image was broken: there is nothing to ask keys for.
        if (samples.Length == 0) return Skipped(attempt, view, weights.Version, views[0].Broken.Length);

        var keys = ahead?.Keys ?? KeysAsync(view, lease);
        var ordinal = attempt.Lease.Ordinal(spec.LeasesPerEpoch);
        var moments = Plan(spec).NeedsRunningStatistics ? await _moments.TryFetchAsync(view, weights.Version) : null;
        var queries = await lane.RunAsync(() => Replica(spec).Forward(weights, moments, views, ordinal));
        var keyReply = await keys;
        if (keyReply.Status != ShardStatus.Ok)
        {
            await lane.RunAsync(() => _replica!.Drop());
            _ahead[attempt] = new(view.History, Task.FromResult(views), null, null);
            return null;
        }

        var moved = _queue.BytesMoved;
        var targets = await TargetsAsync(view, lease, queries, keyReply, samples);
        var outcome = await lane.RunAsync(() => _replica!.Finish(targets));
        if (outcome.Gradients is null) return Skipped(attempt, view, weights.Version, views[0].Broken.Length);

        return new()
        {
            Attempt = attempt,
            View = view,
            BaseVersion = weights.Version,
            KeyVersion = Plan(spec).KeyViews.Count > 0 ? keyReply.Version : weights.Version,
            Samples = samples.Length,
            Measures = Measures(outcome.Value, views[0].Broken.Length) with
            {
                RowAges = RowAges.At(weights.Version, _queue.RowVersions),
                Health = outcome.Health,
            },
            Traffic = keyReply.Traffic + new Traffic(
                views.Sum(batch => (long)batch.Views.Data.Length), keyReply.Keys?.Data.Length ?? 0, 0, 0, fetched, _queue.BytesMoved - moved),
            Gradients = outcome.Gradients,
            Rows = outcome.Rows,
            RowSamples = outcome.RowSamples,
            LogPartition = _logPartition,
        };
    }

    /// <summary>Brings a computed gradient into the form that travels.</summary>
    public void Pack(ComputedLease lease)
    {
        if (lease.Gradients is not { } gradients) return;
        lease.Packed = _wire.Pack(lease.View, gradients);
        lease.ResidualsLost = _wire.TakeLost();
    }

    /// <summary>What became of the lease that was packed last.</summary>
    public void Settle(bool committed) => _wire.Settle(committed);

    /// <summary>Stages a packed lease at all members of a view that do not have it yet.</summary>
    /// <exception cref="StaleViewException">A member works in another history.</exception>
    public Task StageAsync(RunView view, ComputedLease lease) =>
        lease.Packed is null ? Task.CompletedTask : _stager.StageAsync(view, lease);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_replica is { } replica) await lane.RunAsync(replica.Dispose);
        await _queue.DisposeAsync();
        await _keys.DisposeAsync();
    }

    private static StepMeasures Measures(LossValue value, int broken) => new(
        value.Loss, value.ChanceLevel, value.Accuracy, value.PositiveSimilarity, value.Entropy, (long)value.Negatives, broken);

    private MethodPlan Plan(RunSpec spec) => _plan ??= MethodFactory.Plan(spec);

    private EncoderReplica Replica(RunSpec spec) => _replica ??= new(spec, lane.Device);

    private static ComputedLease Skipped(LeaseAttempt attempt, RunView view, long version, int broken) => new()
    {
        Attempt = attempt,
        View = view,
        BaseVersion = version,
        KeyVersion = version,
        Samples = view.Spec.LeaseSize,
        Measures = new() { BrokenImages = broken },
    };

    private IAugmentationGrain Augmentation(RunView view, LeaseId lease) =>
        grains.GetGrain<IAugmentationGrain>(view.AugmentationOf(lease));

    private Task<ViewBatch[]> ViewsAsync(RunView view, LeaseId lease)
    {
        var order = new ViewOrder(lease, view.Spec);
        return Task.WhenAll(Plan(view.Spec).QueryViews.Select(number => WorkerFaultException.Of(view.AugmentationOf(lease), Augmentation(view, lease).TakeAsync(order, number))));
    }

    private async Task<ParameterSet?> WeightsAsync(RunView view, LeaseReply lease, Ahead? ahead, long atLeast)
    {
        var weights = ahead?.Weights is { } early ? await early : null;
        weights ??= await _weights.TryFetchAsync(view, lease.BaseVersion);
        // What was fetched ahead may have become too old for a bounded run.
        if (weights is not null && weights.Version < atLeast) weights = await _weights.TryFetchAsync(view, lease.BaseVersion);
        return weights is null || weights.Version < atLeast ? null : weights;
    }

    /// <summary>Begins to fetch what the next lease needs, as far as the run's mode lets it.</summary>
    private void FetchAhead(RunView view, LeaseReply next)
    {
        var lockstep = view.Spec.Consistency.Mode == ConsistencyMode.Lockstep;
        var most = lockstep && view.Spec.Prefetch > Prefetch.Views ? Prefetch.Views : view.Spec.Prefetch;
        if (most == Prefetch.None || _ahead.ContainsKey(next.Attempt)) return;
        _ahead.Clear();
        _ahead[next.Attempt] = new(
            view.History,
            ViewsAsync(view, next.Attempt.Lease),
            // On the encoder's own lane keys would only wait for the step in hand.
            most >= Prefetch.Keys && view.Spec.Contrast.KeyEncoding == KeyEncoding.Shared ? KeysAsync(view, next) : null,
            most >= Prefetch.Weights ? _weights.TryFetchAsync(view, next.BaseVersion) : null);
    }

    private async Task<KeyReply> KeysAsync(RunView view, LeaseReply lease)
    {
        // A method without a key encoder: what it needs is there.
        if (Plan(view.Spec).KeyViews.Count == 0) return new() { Status = ShardStatus.Ok, Version = lease.BaseVersion };
        if (view.Spec.Contrast.KeyEncoding == KeyEncoding.Local)
        {
            var id = lease.Attempt.Lease;
            return (await _keys.EncodeAsync(view, [(id, view.AugmentationOf(id))], lease.BaseVersion))[id];
        }

        // A batch of a version's slots is one momentum encoder's.
        var together = view.Spec.Contrast.KeyBatch > 1 && view.Spec.Consistency.Mode == ConsistencyMode.Lockstep;
        var mine = together ? lease.BaseVersion : Math.Max(0, Array.IndexOf(view.Encoders, encoder));
        var key = view.MomentumEncoders[(int)(mine % view.MomentumEncoders.Length)];
        return await WorkerFaultException.Of(key, grains.GetGrain<IMomentumEncoderGrain>(key).EncodeAsync(new()
        {
            Lease = lease.Attempt.Lease,
            View = view,
            Version = lease.BaseVersion,
            Augmentation = view.AugmentationOf(lease.Attempt.Lease),
        }));
    }

    /// <summary>Everything that the loss compares with: keys, and what the memory has to say.</summary>
    private async Task<StepTargets> TargetsAsync(RunView view, LeaseReply lease, TensorBlock[] queries, KeyReply keys, long[] samples)
    {
        var (spec, plan) = (view.Spec, Plan(view.Spec));
        var targets = new StepTargets { Keys = keys.Keys };
        if (view.NegativeShards.Length == 0) return targets;
        if (plan.NeedsOwnRows) targets = targets with { OwnRows = await _queue.OwnRowsAsync(view, lease.BaseVersion, samples) };
        if (spec.Contrast.Mode == NegativeMode.Mirror || plan.NeedsRowsHere)
        {
            await _queue.CatchUpAsync(view, lease.BaseVersion);
            return targets with { Mirror = _queue.Mirror };
        }

        var ordinal = lease.Attempt.Lease.Ordinal(spec.LeasesPerEpoch);
        var answers = await Task.WhenAll(queries.Select((block, query) =>
            _queue.ContrastAsync(view, lease.BaseVersion, block, samples, EncoderReplica.DrawStep(ordinal, query, queries.Length), EncoderReplica.EpochOf(spec, ordinal))));
        if (spec.Contrast.Sampling.Kind == SamplingKind.Noise)
            _logPartition = answers.Average(answer => NoiseContrast.LogPartition(new NoiseContrast(spec.Contrast.Sampling.Rows).Join(answer), spec.Dataset.Count));
        return targets with { Answers = answers };
    }

    /// <summary>What was fetched for a lease before it was computed.</summary>
    private sealed class Ahead
    {
        public Ahead(long history, Task<ViewBatch[]> views, Task<KeyReply>? keys, Task<ParameterSet?>? weights)
        {
            (History, Views, Keys, Weights) = (history, views, keys, weights);
            // A lease that is dropped leaves its failures to nobody.
            foreach (var task in new Task?[] { views, keys, weights }) task?.ContinueWith(failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted);
        }

        public long History { get; }

        public Task<ViewBatch[]> Views { get; }

        public Task<KeyReply>? Keys { get; }

        public Task<ParameterSet?>? Weights { get; }
    }
}
