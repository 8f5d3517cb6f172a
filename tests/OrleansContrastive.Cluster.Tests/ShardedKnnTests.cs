using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Contracts.Evaluation;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>kNN whose gallery lies on several machines says to the last bit what one machine says.</summary>
public sealed class ShardedKnnTests
{
    // More than two chunks, of which the first silo takes two.
    private const int Images = 8800;

    [Fact]
    public async Task A_gallery_on_two_silos_gives_the_result_of_one()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync(("first", "all"), ("second", "all"));
        var spec = SmallSpec.Create(leases: 100, leaseSize: Images / 100, replicas: 1, checkpoints: 0);
        await cluster.StartRunAsync(spec with { MaxBlockBytes = 8192, Topology = spec.Topology with { MinimumSilos = 2 } });
        await cluster.UntilAsync("a few leases of both encoders", status => status is { LeasesDone: >= 4, Encoders: 2 });
        await cluster.StopRunAsync();

        var view = await cluster.Cluster.ViewAsync(TestCluster.Run, TestContext.Current.CancellationToken);
        Assert.Equal(2, view.Evaluations().Length);
        var grain = cluster.Cluster.Client.Grains.GetGrain<IEvaluationGrain>(view.Evaluation);
        foreach (var untrained in new[] { false, true })
        {
            var request = new KnnRequest
            {
                View = view,
                Features = [KnnFeatures.Encoder, KnnFeatures.Head],
                Test = 300,
                Settings = [new(200, 0.1), new(20, 0.07), new(1, 0.1)],
                Untrained = untrained,
            };
            var (alone, spread) = (await grain.KnnAsync(request), await grain.KnnAsync(request with { Sharded = true }));
            Assert.Equal((1, 2), (alone.Galleries, spread.Galleries));
            Assert.Equal((Images, 300, alone.Version), (spread.Train, spread.Test, spread.Version));
            Assert.Equal(alone.Results, spread.Results);
            Assert.True(alone.Results.Select(result => result.Top1).Distinct().Count() > 2, "Another setting or kind changes nothing.");
        }

        // Few images need no second silo.
        Assert.Equal(1, (await grain.KnnAsync(new() { View = view, Train = 500, Test = 100, Sharded = true })).Galleries);
    }
}
