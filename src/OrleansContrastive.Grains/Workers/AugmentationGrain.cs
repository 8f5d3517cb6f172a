using Orleans;
using Orleans.Placement;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Workers;

/// <inheritdoc cref="IAugmentationGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class AugmentationGrain(SiloIdentity silo, DatasetShelf datasets) : Grain, IAugmentationGrain
{
    // A lease whose attempt died is never taken; the oldest makes room.
    private const int Capacity = 64;

    private readonly Dictionary<LeaseId, Entry> _buffer = [];
    private readonly Queue<LeaseId> _oldest = [];
    private ViewMaker? _maker;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        silo.Host(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task WakeAsync() => Task.CompletedTask;

    public Task PrepareAsync(ViewOrder order)
    {
        Find(order);
        return Task.CompletedTask;
    }

    public async Task<ViewBatch> TakeAsync(ViewOrder order, int view)
    {
        var entry = Find(order);
        var views = await entry.Views;
        if (++entry.Taken == _maker!.Plan.TimesTaken) _buffer.Remove(order.Lease);
        return views[view];
    }

    private Entry Find(ViewOrder order)
    {
        if (_buffer.TryGetValue(order.Lease, out var entry)) return entry;
        _maker ??= new(order.Spec, datasets.Training(order.Spec.Dataset));
        var maker = _maker;
        entry = new(Task.Run(() => maker.Make(order.Lease)));
        _buffer.Add(order.Lease, entry);
        _oldest.Enqueue(order.Lease);
        while (_oldest.Count > Capacity) _buffer.Remove(_oldest.Dequeue());
        return entry;
    }

    private sealed class Entry(Task<ViewBatch[]> views)
    {
        public Task<ViewBatch[]> Views { get; } = views;

        public int Taken { get; set; }
    }
}
