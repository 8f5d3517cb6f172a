using System.Collections.Concurrent;
using Orleans;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansContrastive.Offline.Tests.Network;

[Alias("oc.offline.home")]
public interface IHomeGrain : IGrainWithStringKey
{
    [Alias("where")]
    Task<string> WhereAsync();

    /// <summary>Says that it got here, and waits for the test.</summary>
    [Alias("hold")]
    Task<string> HoldAsync();

    [Alias("echo")]
    Task<byte[]> EchoAsync(byte[] bytes);
}

[PreferLocalPlacement]
public sealed class HomeGrain(ILocalSiloDetails silo) : Grain, IHomeGrain
{
    /// <summary>What a test and the grain of one key tell each other, beside the calls.</summary>
    internal static ConcurrentDictionary<string, (TaskCompletionSource Entered, TaskCompletionSource Released)> Gates { get; } = new();

    /// <summary>How often grains of a key were activated.</summary>
    internal static ConcurrentDictionary<string, int> Activations { get; } = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Activations.AddOrUpdate(this.GetPrimaryKeyString(), 1, (_, count) => count + 1);
        return Task.CompletedTask;
    }

    public Task<string> WhereAsync() => Task.FromResult(silo.Name);

    public async Task<string> HoldAsync()
    {
        var (entered, released) = Gates[this.GetPrimaryKeyString()];
        entered.TrySetResult();
        await released.Task;
        return silo.Name;
    }

    public Task<byte[]> EchoAsync(byte[] bytes) => Task.FromResult(bytes);
}
