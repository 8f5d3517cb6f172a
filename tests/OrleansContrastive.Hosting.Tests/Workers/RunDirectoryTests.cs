using OrleansContrastive.Hosting.Tests.Storage;
using OrleansContrastive.Hosting.Workers;

namespace OrleansContrastive.Hosting.Tests.Workers;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_is_entered_once_and_seen_by_every_silo_of_its_cluster_alone()
    {
        var (first, other, elsewhere) = (Of("blue"), Of("blue"), Of("green"));
        Assert.True(await first.AddAsync("moco-1", Token));
        Assert.False(await other.AddAsync("moco-1", Token));
        Assert.True(await other.AddAsync("moco-2", Token));

        Assert.Equal(["moco-1", "moco-2"], await first.ListAsync(Token));
        Assert.Empty(await elsewhere.ListAsync(Token));
        Assert.NotNull(await other.SinceAsync("moco-1", Token));
        Assert.Null(await other.SinceAsync("moco-3", Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("two words")]
    public async Task What_is_no_run_id_is_refused(string run) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Of("blue").AddAsync(run, Token));

    private RunDirectory Of(string cluster) => new(_folder.Open(), cluster, TimeProvider.System);
}
