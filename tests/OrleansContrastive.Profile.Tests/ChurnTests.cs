using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.churn")]
public interface IChurnGrain : IGrainWithStringKey
{
    [Alias("ping")]
    Task<int> PingAsync(bool end);
}

public sealed class ChurnGrain : Grain, IChurnGrain
{
    /// <summary>How many activations of a key live at once, and how many there were.</summary>
    internal static ConcurrentDictionary<string, (int Now, int Most, int All)> Living { get; } = new();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Living.AddOrUpdate(this.GetPrimaryKeyString(), (1, 1, 1), (_, it) => (it.Now + 1, Math.Max(it.Most, it.Now + 1), it.All + 1));
        await Task.Yield();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Living.AddOrUpdate(this.GetPrimaryKeyString(), (0, 0, 0), (_, it) => (it.Now - 1, it.Most, it.All));
    }

    public async Task<int> PingAsync(bool end)
    {
        if (end) DeactivateOnIdle();
        await Task.Yield();
        return Living[this.GetPrimaryKeyString()].Now;
    }
}

/// <summary>Activations that come and go under load.</summary>
public sealed class ChurnTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    [Fact]
    public async Task Every_call_is_served_by_the_one_activation_though_they_come_and_go()
    {
        const int Callers = 8;
        const int CallsEach = 1_000;
        string[] keys = [Probe.NewKey(), Probe.NewKey(), Probe.NewKey()];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var call = 0; call < CallsEach; call++)
            {
                var grain = shared.Grains.GetGrain<IChurnGrain>(keys[call % keys.Length]);
                Assert.Equal(1, await PingAsync(grain, end: (call + caller) % 7 == 0).Soon());
            }
        }, TestContext.Current.CancellationToken)));

        foreach (var key in keys)
        {
            Assert.Equal(1, ChurnGrain.Living[key].Most);
            Assert.True(ChurnGrain.Living[key].All > 10, $"Only {ChurnGrain.Living[key].All} activations of {key}: nothing came and went.");
        }
    }

    // Under churn a message may be sent on once too often, which the runtime tells its caller.
    private static async Task<int> PingAsync(IChurnGrain grain, bool end)
    {
        while (true)
        {
            try
            {
                return await grain.PingAsync(end);
            }
            catch (OrleansMessageRejectionException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
