using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// Puts the leases of several encoders together for the key network. In lockstep a batch is the slots of a version, whoever
/// asks first; otherwise it closes when it is full or at its deadline. One turn at a time.
/// </summary>
/// <param name="encode">Encodes the leases of a batch.</param>
/// <param name="time">The deadline's clock.</param>
internal sealed class KeyBatches(
    Func<RunView, IReadOnlyList<(LeaseId Lease, string Augmentation)>, long, Task<IReadOnlyDictionary<LeaseId, KeyReply>>> encode, TimeProvider time)
{
    // A slot whose first encoder died is asked for again by another.
    private const int VersionsKept = 3;

    private readonly SortedDictionary<long, Task<IReadOnlyDictionary<LeaseId, KeyReply>>> _versions = [];
    private Batch? _open;
    private long _history = -1;

    /// <summary>The keys of a lease, as soon as its batch is encoded.</summary>
    public async Task<KeyReply> EncodeAsync(KeyRequest request)
    {
        var spec = request.View.Spec;
        if (_history != request.View.History)
        {
            _versions.Clear();
            (_open, _history) = (null, request.View.History);
        }

        if (spec.Contrast.KeyBatch <= 1) return (await encode(request.View, [(request.Lease, request.Augmentation)], request.Version))[request.Lease];
        return spec.Consistency.Mode == ConsistencyMode.Lockstep ? await SlotAsync(request) : (await Join(request).Keys)[request.Lease];
    }

    private async Task<KeyReply> SlotAsync(KeyRequest request)
    {
        var spec = request.View.Spec;
        if (!_versions.TryGetValue(request.Version, out var keys))
        {
            var leases = Enumerable.Range(0, spec.Consistency.Slots)
                .Select(slot => LeaseId.At((request.Version * spec.Consistency.Slots) + slot, spec.LeasesPerEpoch))
                .Select(lease => (lease, request.View.AugmentationOf(lease)));
            _versions[request.Version] = keys = encode(request.View, [.. leases], request.Version);
            while (_versions.Count > VersionsKept) _versions.Remove(_versions.Keys.First());
        }

        var reply = default(KeyReply);
        try
        {
            reply = (await keys)[request.Lease];
            return reply;
        }
        finally
        {
            // Without keys the next one tries again.
            if (reply?.Keys is null && _versions.GetValueOrDefault(request.Version) == keys) _versions.Remove(request.Version);
        }
    }

    private Batch Join(KeyRequest request)
    {
        var isFirst = _open is null;
        var batch = _open ??= new(request.View);
        batch.Leases[request.Lease] = request.Augmentation;
        if (batch.Leases.Count >= request.View.Spec.Contrast.KeyBatch) Close(batch);
        else if (isFirst) _ = CloseInTimeAsync(batch, request.View.Spec.Contrast.KeyDeadline);
        return batch;
    }

    private async Task CloseInTimeAsync(Batch batch, TimeSpan deadline)
    {
        await Task.Delay(deadline, time);
        Close(batch);
    }

    private void Close(Batch batch)
    {
        if (batch.IsClosed) return;
        batch.IsClosed = true;
        if (_open == batch) _open = null;
        _ = FinishAsync();

        async Task FinishAsync()
        {
            try
            {
                batch.Finish(await encode(batch.View, [.. batch.Leases.Select(lease => (lease.Key, lease.Value))], -1));
            }
            catch (Exception exception)
            {
                batch.Fail(exception);
            }
        }
    }

    private sealed class Batch(RunView view)
    {
        private readonly TaskCompletionSource<IReadOnlyDictionary<LeaseId, KeyReply>> _keys = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RunView View { get; } = view;

        public SortedDictionary<LeaseId, string> Leases { get; } = [];

        public bool IsClosed { get; set; }

        public Task<IReadOnlyDictionary<LeaseId, KeyReply>> Keys => _keys.Task;

        public void Finish(IReadOnlyDictionary<LeaseId, KeyReply> keys) => _keys.SetResult(keys);

        public void Fail(Exception exception) => _keys.SetException(exception);
    }
}
