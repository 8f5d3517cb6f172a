using System.Collections.Concurrent;
using Orleans;
using Orleans.Placement;

namespace OrleansContrastive.Offline.Tests.Network;

[Alias("oc.offline.once")]
public interface IOnceGrain : IGrainWithStringKey
{
    [Alias("use")]
    Task UseAsync();
}

/// <summary>Notes when two activations of one key live at the same time, in whatever silos of this process.</summary>
[RandomPlacement]
public sealed class OnceGrain : Grain, IOnceGrain
{
    private static readonly ConcurrentDictionary<string, OnceGrain> Living = new();

    internal static ConcurrentBag<string> Overlaps { get; } = [];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!Living.TryAdd(this.GetPrimaryKeyString(), this)) Overlaps.Add(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Living.TryRemove(KeyValuePair.Create(this.GetPrimaryKeyString(), this));
        return Task.CompletedTask;
    }

    public Task UseAsync()
    {
        // Now and then it ends by itself, so that it begins anew somewhere else.
        if (Random.Shared.Next(50) == 0) DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
