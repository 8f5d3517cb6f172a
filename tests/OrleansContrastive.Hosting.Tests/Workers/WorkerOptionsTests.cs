using Microsoft.Extensions.Options;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Tests.Workers;

public sealed class WorkerOptionsTests
{
    [Theory]
    [InlineData("a/b", 0, 500, "no slash")]
    [InlineData("a", -1, 500, "expected 0")]
    [InlineData("a", 0, 9000, "taken for dead")]
    public async Task A_silo_that_cannot_work_does_not_start_and_says_why(string name, int lanes, int heartbeat, string expected)
    {
        var folder = Directory.CreateTempSubdirectory("contrastive-");
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => EmbeddedCluster.StartAsync(
            new FolderStore(folder.FullName),
            options => (options.Silo, options.Lanes, options.Heartbeat) = (name, lanes, TimeSpan.FromMilliseconds(heartbeat)),
            cancellationToken: TestContext.Current.CancellationToken));
        folder.Delete(recursive: true);

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_lane_per_core_is_the_default_and_the_cores_are_shared_by_the_lanes()
    {
        var options = new WorkerOptions();
        Assert.Equal(Environment.ProcessorCount, LaneFactory.LaneCount(options));
        options.Lanes = 1;
        Assert.Equal(Environment.ProcessorCount, LaneFactory.ThreadsPerLane(options));
        options.Device = "cuda:0, cuda:1";
        Assert.Equal(["cuda:0", "cuda:1"], LaneFactory.Names(options));
        Assert.True(options.Roles.HasFlag(WorkerRoles.Encoder));
    }
}
