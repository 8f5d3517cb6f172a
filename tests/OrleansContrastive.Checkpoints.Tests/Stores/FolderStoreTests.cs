using System.Text;
using Microsoft.Win32.SafeHandles;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>The contract, and what only a folder does.</summary>
public sealed class FolderStoreTests : StoreContract
{
    private readonly TemporaryFolder _folder = new();

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return base.DisposeAsync();
    }

    [Fact]
    public async Task An_object_is_a_plain_file()
    {
        await Store.WriteAsync("run/a.json", "{}"u8.ToArray(), cancellationToken: Token);

        Assert.Equal("{}", await File.ReadAllTextAsync(_folder["run/a.json"], Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3600)]
    public async Task Tags_differ_also_where_the_clock_stands_or_goes_back(int secondsPerRead)
    {
        var store = new FolderStore(_folder.Path, flushToDisk: false, new JumpingClock(secondsPerRead));
        var tags = new List<string>();
        for (var i = 0; i < 50; i++) tags.Add(await store.WriteAsync("a", "same"u8.ToArray(), cancellationToken: Token));

        Assert.Equal(50, tags.Distinct().Count());
        Assert.Equal(tags[^1], (await store.ReadAsync("a", Token))!.ETag);
        await Assert.ThrowsAsync<ConditionFailedException>(() => store.WriteAsync("a", default, WriteCondition.IfMatch(tags[0]), Token));
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_no_rest()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.WriteLargeAsync(
            "a",
            async (stream, token) =>
            {
                await stream.WriteAsync(new byte[3 << 20], token);
                throw new InvalidOperationException();
            },
            cancellationToken: Token));

        Assert.Empty(Directory.GetFiles(_folder[".writing"]));
    }

    [Fact]
    public async Task Deleting_the_last_object_of_a_folder_removes_the_folder()
    {
        await Store.WriteAsync("run/1/a", default, cancellationToken: Token);
        await Store.WriteAsync("run/2/a", default, cancellationToken: Token);

        await Store.DeleteAsync("run/1/a", cancellationToken: Token);

        Assert.False(Directory.Exists(_folder["run/1"]));
        Assert.True(Directory.Exists(_folder["run/2"]));
    }

    [Fact]
    public async Task What_a_killed_writer_left_goes_after_a_day()
    {
        await Store.WriteAsync("a", default, cancellationToken: Token);
        var (old, young) = (_folder[".writing/old"], _folder[".writing/young"]);
        await File.WriteAllTextAsync(old, "", Token);
        await File.WriteAllTextAsync(young, "", Token);
        using (SafeFileHandle handle = File.OpenHandle(old, access: FileAccess.Write))
            File.SetLastWriteTimeUtc(handle, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25));

        _ = new FolderStore(_folder.Path);

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_takes_no_file_from_a_living_writer()
    {
        await Store.WriteLargeAsync(
            "a",
            async (stream, token) =>
            {
                await stream.WriteAsync(new byte[3 << 20], token);
                _ = new FolderStore(_folder.Path, time: new JumpingClock(2 * 24 * 3600));
                Assert.Single(Directory.GetFiles(_folder[".writing"]));
                await stream.WriteAsync("end"u8.ToArray(), token);
            },
            cancellationToken: Token);

        Assert.EndsWith("end", Encoding.Latin1.GetString((await Store.ReadAsync("a", Token))!.Content.Span), StringComparison.Ordinal);
    }

    protected override ValueTask<ICheckpointStore> OpenAsync() => new(new FolderStore(_folder.Path, flushToDisk: false));

    /// <summary>Starts now and goes on by so many seconds whenever it is asked.</summary>
    private sealed class JumpingClock(int secondsPerRead) : TimeProvider
    {
        private DateTimeOffset _now = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _now += TimeSpan.FromSeconds(secondsPerRead);
    }
}
