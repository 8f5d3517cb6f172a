using Orleans;
using Orleans.Placement;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Workers;

/// <inheritdoc cref="IMomentumEncoderGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class MomentumEncoderGrain(SiloIdentity silo, DeviceLanes lanes, TimeProvider time) : Grain, IMomentumEncoderGrain
{
    private KeyEncoder _encoder = null!;
    private KeyBatches _batches = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var place = silo.Host(this.GetPrimaryKeyString());
        _encoder = new(GrainFactory, lanes.Lanes[place.Index % lanes.Lanes.Count]);
        _batches = new(_encoder.EncodeAsync, time);
        return Task.CompletedTask;
    }

    public async override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => await _encoder.DisposeAsync();

    public Task WakeAsync() => Task.CompletedTask;

    public Task<KeyReply> EncodeAsync(KeyRequest request) => _batches.EncodeAsync(request);
}
