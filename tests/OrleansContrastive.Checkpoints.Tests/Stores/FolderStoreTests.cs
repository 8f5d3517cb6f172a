using System.Text;
using Microsoft.Win32.SafeHandles;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

public sealed class FolderStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FolderStore _store;

    public FolderStoreTests() => _store = new FolderStore(_folder.Path, flushToDisk: false);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_written_is_read_back_and_is_a_plain_file()
    {
        var tag = await _store.WriteAsync("run/a.json", "{}"u8.ToArray(), cancellationToken: Token);

        var found = await _store.ReadAsync("run/a.json", Token);

        Assert.Equal("{}", Encoding.UTF8.GetString(found!.Content.Span));
        Assert.Equal(tag, found.ETag);
        Assert.Equal("{}", await File.ReadAllTextAsync(_folder["run/a.json"], Token));
    }

    [Fact]
    public async Task What_was_never_written_is_null()
    {
        Assert.Null(await _store.ReadAsync("run/a.json", Token));
        Assert.Null(await _store.OpenReadAsync("run/a.json", Token));
        Assert.False(await _store.DeleteAsync("run/a.json", cancellationToken: Token));
    }

    [Fact]
    public async Task If_absent_lets_only_the_first_writer_through()
    {
        var tag = await _store.WriteAsync("a", "first"u8.ToArray(), WriteCondition.IfAbsent, Token);

        var refused = await Assert.ThrowsAsync<ConditionFailedException>(
            () => _store.WriteAsync("a", "second"u8.ToArray(), WriteCondition.IfAbsent, Token));

        Assert.Equal(tag, refused.FoundETag);
        Assert.Contains("'a'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("first", await TextOf("a"));
    }

    [Fact]
    public async Task If_match_lets_only_the_holder_of_the_newest_tag_through()
    {
        var first = await _store.WriteAsync("a", "1"u8.ToArray(), cancellationToken: Token);
        var second = await _store.WriteAsync("a", "2"u8.ToArray(), WriteCondition.IfMatch(first), Token);

        await Assert.ThrowsAsync<ConditionFailedException>(() => _store.WriteAsync("a", "3"u8.ToArray(), WriteCondition.IfMatch(first), Token));
        await Assert.ThrowsAsync<ConditionFailedException>(() => _store.DeleteAsync("a", WriteCondition.IfMatch(first), Token));
        Assert.Equal("2", await TextOf("a"));

        Assert.True(await _store.DeleteAsync("a", WriteCondition.IfMatch(second), Token));
        var gone = await Assert.ThrowsAsync<ConditionFailedException>(
            () => _store.WriteAsync("a", "3"u8.ToArray(), WriteCondition.IfMatch(second), Token));
        Assert.Null(gone.FoundETag);
    }

    [Fact]
    public async Task Writing_the_same_bytes_again_gives_a_new_tag()
    {
        var stopped = new FolderStore(_folder.Path, flushToDisk: false, new StoppedClock());
        var tags = new List<string>();
        for (var i = 0; i < 50; i++) tags.Add(await stopped.WriteAsync("a", "same"u8.ToArray(), cancellationToken: Token));

        Assert.Equal(50, tags.Distinct().Count());
        Assert.Equal(tags[^1], (await _store.ReadAsync("a", Token))!.ETag);
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_the_old_object_and_no_rest()
    {
        await _store.WriteAsync("a", "old"u8.ToArray(), cancellationToken: Token);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.WriteLargeAsync(
            "a",
            async (stream, token) =>
            {
                await stream.WriteAsync(new byte[3 << 20], token);
                throw new InvalidOperationException();
            },
            cancellationToken: Token));

        Assert.Equal("old", await TextOf("a"));
        Assert.Empty(Directory.GetFiles(_folder[".writing"]));
    }

    [Fact]
    public async Task An_open_reader_keeps_the_object_it_opened()
    {
        await _store.WriteAsync("a", "old"u8.ToArray(), cancellationToken: Token);
        await using var open = (await _store.OpenReadAsync("a", Token))!;
        await _store.WriteAsync("a", "new"u8.ToArray(), cancellationToken: Token);

        using var reader = new StreamReader(open);

        Assert.Equal("old", await reader.ReadToEndAsync(Token));
        Assert.Equal("new", await TextOf("a"));
    }

    [Fact]
    public async Task Lists_are_sorted_and_hold_only_the_prefix()
    {
        foreach (var key in new[] { "b/2", "b/10", "bc", "a", "b/1/x" })
            await _store.WriteAsync(key, default, cancellationToken: Token);

        Assert.Equal(["a", "b/1/x", "b/10", "b/2", "bc"], await Keys(""));
        Assert.Equal(["b/1/x", "b/10", "b/2", "bc"], await Keys("b"));
        Assert.Equal(["b/1/x", "b/10", "b/2"], await Keys("b/"));
        Assert.Equal(["b/1/x", "b/10"], await Keys("b/1"));
        Assert.Empty(await Keys("z/"));
        Assert.Empty(await Keys("../"));
        Assert.Empty(await Keys("/"));
    }

    [Fact]
    public async Task Deleting_the_last_object_of_a_folder_removes_the_folder()
    {
        await _store.WriteAsync("run/1/a", default, cancellationToken: Token);
        await _store.WriteAsync("run/2/a", default, cancellationToken: Token);

        await _store.DeleteAsync("run/1/a", cancellationToken: Token);

        Assert.False(Directory.Exists(_folder["run/1"]));
        Assert.True(Directory.Exists(_folder["run/2"]));
    }

    [Fact]
    public async Task Writers_and_deleters_of_neighbours_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    await _store.WriteAsync($"deep/er/{writer}", default, cancellationToken: Token);
                    await _store.DeleteAsync($"deep/er/{writer}", cancellationToken: Token);
                }
            },
            Token)));

        Assert.Empty(await Keys(""));
    }

    [Fact]
    public async Task Many_threads_over_two_stores_lose_no_increment()
    {
        var stores = new[] { _store, new FolderStore(_folder.Path, flushToDisk: false) };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            worker => Task.Run(() => Counter.IncrementAsync(stores[worker % 2], "counter", 25, Token), Token)));

        Assert.Equal("200", await TextOf("counter"));
    }

    [Fact]
    public async Task A_key_that_leaves_the_folder_is_refused_by_every_member()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _store.ReadAsync("../a", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.OpenReadAsync("../a", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.WriteAsync("../a", default, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.DeleteAsync("../a", cancellationToken: Token));
    }

    [Fact]
    public async Task What_a_killed_writer_left_goes_after_a_day()
    {
        await _store.WriteAsync("a", default, cancellationToken: Token);
        var (old, young) = (_folder[".writing/old"], _folder[".writing/young"]);
        await File.WriteAllTextAsync(old, "", Token);
        await File.WriteAllTextAsync(young, "", Token);
        using (SafeFileHandle handle = File.OpenHandle(old, access: FileAccess.Write))
            File.SetLastWriteTimeUtc(handle, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25));

        _ = new FolderStore(_folder.Path);

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    private async Task<string> TextOf(string key) => Encoding.UTF8.GetString((await _store.ReadAsync(key, Token))!.Content.Span);

    private async Task<List<string>> Keys(string prefix)
    {
        var keys = new List<string>();
        await foreach (var key in _store.ListAsync(prefix, Token)) keys.Add(key);
        return keys;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
