using System.Text;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>What every <see cref="ICheckpointStore"/> promises.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    private ICheckpointStore? _store;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The store of this test, empty at its start.</summary>
    protected ICheckpointStore Store => _store ?? throw new InvalidOperationException("The test has not started.");

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_is_written_is_read_back()
    {
        var tag = await Store.WriteAsync("run/a.json", "{}"u8.ToArray(), cancellationToken: Token);

        var found = await Store.ReadAsync("run/a.json", Token);

        Assert.Equal("{}", Encoding.UTF8.GetString(found!.Content.Span));
        Assert.Equal(tag, found.ETag);
    }

    [Fact]
    public async Task What_was_never_written_is_null()
    {
        Assert.Null(await Store.ReadAsync("run/a.json", Token));
        Assert.Null(await Store.OpenReadAsync("run/a.json", Token));
        Assert.False(await Store.DeleteAsync("run/a.json", cancellationToken: Token));
        Assert.Empty(await KeysAsync(""));

        await Store.WriteAsync("run/b.json", default, cancellationToken: Token);
        Assert.Null(await Store.ReadAsync("run/a.json", Token));
        Assert.Null(await Store.OpenReadAsync("run/a.json", Token));
        Assert.False(await Store.DeleteAsync("run/a.json", cancellationToken: Token));
    }

    [Fact]
    public async Task If_absent_lets_only_the_first_writer_through()
    {
        var tag = await Store.WriteAsync("a", "first"u8.ToArray(), WriteCondition.IfAbsent, Token);

        var refused = await Assert.ThrowsAsync<ConditionFailedException>(
            () => Store.WriteAsync("a", "second"u8.ToArray(), WriteCondition.IfAbsent, Token));

        Assert.Equal(tag, refused.FoundETag);
        Assert.Contains("'a'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("first", await TextAsync("a"));
    }

    [Fact]
    public async Task If_match_lets_only_the_holder_of_the_newest_tag_through()
    {
        var first = await Store.WriteAsync("a", "1"u8.ToArray(), cancellationToken: Token);
        var second = await Store.WriteAsync("a", "2"u8.ToArray(), WriteCondition.IfMatch(first), Token);

        await Assert.ThrowsAsync<ConditionFailedException>(() => Store.WriteAsync("a", "3"u8.ToArray(), WriteCondition.IfMatch(first), Token));
        await Assert.ThrowsAsync<ConditionFailedException>(() => Store.DeleteAsync("a", WriteCondition.IfMatch(first), Token));
        Assert.Equal("2", await TextAsync("a"));

        Assert.True(await Store.DeleteAsync("a", WriteCondition.IfMatch(second), Token));
        var gone = await Assert.ThrowsAsync<ConditionFailedException>(
            () => Store.WriteAsync("a", "3"u8.ToArray(), WriteCondition.IfMatch(second), Token));
        Assert.Null(gone.FoundETag);
        await Assert.ThrowsAsync<ConditionFailedException>(() => Store.DeleteAsync("a", WriteCondition.IfMatch(second), Token));
    }

    [Fact]
    public async Task Writing_the_same_bytes_again_gives_a_new_tag()
    {
        var tags = new List<string>();
        for (var i = 0; i < 50; i++) tags.Add(await Store.WriteAsync("a", "same"u8.ToArray(), cancellationToken: Token));

        Assert.Equal(50, tags.Distinct().Count());
        Assert.Equal(tags[^1], (await Store.ReadAsync("a", Token))!.ETag);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((9 << 20) + 12_345)]
    public async Task Objects_of_any_size_come_back_as_they_were_streamed(int bytes)
    {
        var content = Noise(bytes);
        await Store.WriteAsync("old", "old"u8.ToArray(), cancellationToken: Token);

        var tag = await Store.WriteLargeAsync(
            "large",
            async (stream, token) =>
            {
                // In parts that fit no block.
                for (var at = 0; at < bytes; at += 700_001) await stream.WriteAsync(content.AsMemory(at, Math.Min(700_001, bytes - at)), token);
                Assert.Null(await Store.ReadAsync("large", token));
            },
            WriteCondition.IfAbsent,
            Token);

        var whole = (await Store.ReadAsync("large", Token))!;
        Assert.Equal(tag, whole.ETag);
        Assert.True(whole.Content.Span.SequenceEqual(content));
        await using var stream = (await Store.OpenReadAsync("large", Token))!;
        Assert.Equal(bytes, stream.Length);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Token);
        Assert.True(copy.ToArray().AsSpan().SequenceEqual(content));
        await Assert.ThrowsAsync<ConditionFailedException>(() => Store.WriteLargeAsync("large", Fill(content), WriteCondition.IfAbsent, Token));
        await Store.WriteLargeAsync("large", Fill([1]), WriteCondition.IfMatch(tag), Token);
        Assert.Equal(1, (await Store.ReadAsync("large", Token))!.Content.Length);
    }

    [Fact]
    public async Task A_stream_can_be_read_from_anywhere()
    {
        var content = Noise((9 << 20) + 5);
        await Store.WriteAsync("large", content, cancellationToken: Token);
        await using var stream = (await Store.OpenReadAsync("large", Token))!;
        var part = new byte[1000];
        foreach (var at in new[] { content.Length - 1000, 0, (4 << 20) - 500, (8 << 20) - 1, 17 })
        {
            stream.Seek(at, SeekOrigin.Begin);
            await stream.ReadExactlyAsync(part, Token);
            Assert.True(content.AsSpan(at, 1000).SequenceEqual(part), $"The bytes from {at} on are others.");
        }

        stream.Seek(0, SeekOrigin.End);
        Assert.Equal(0, await stream.ReadAsync(part, Token));
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_the_old_object()
    {
        await Store.WriteAsync("a", "old"u8.ToArray(), cancellationToken: Token);

        foreach (var key in new[] { "a", "b" })
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => Store.WriteLargeAsync(
                key,
                async (stream, token) =>
                {
                    await stream.WriteAsync(new byte[9 << 20], token);
                    throw new InvalidOperationException();
                },
                cancellationToken: Token));
        }

        Assert.Equal("old", await TextAsync("a"));
        Assert.Equal(["a"], await KeysAsync(""));
    }

    [Fact]
    public async Task An_open_reader_of_a_small_object_keeps_what_it_opened()
    {
        await Store.WriteAsync("a", "old"u8.ToArray(), cancellationToken: Token);
        await using var open = (await Store.OpenReadAsync("a", Token))!;
        await Store.WriteAsync("a", "new"u8.ToArray(), cancellationToken: Token);

        using var reader = new StreamReader(open);

        Assert.Equal("old", await reader.ReadToEndAsync(Token));
        Assert.Equal("new", await TextAsync("a"));
    }

    [Fact]
    public async Task An_open_reader_of_a_large_object_never_sees_a_mixture()
    {
        var old = Enumerable.Repeat((byte)1, 9 << 20).ToArray();
        await Store.WriteAsync("a", old, cancellationToken: Token);
        await using var open = (await Store.OpenReadAsync("a", Token))!;
        await open.ReadExactlyAsync(new byte[1000], Token);
        await Store.WriteAsync("a", Enumerable.Repeat((byte)2, 9 << 20).ToArray(), cancellationToken: Token);

        using var rest = new MemoryStream();
        try
        {
            await open.CopyToAsync(rest, Token);
            Assert.Equal(old.Length - 1000, rest.Length);
        }
        catch (ConditionFailedException refused)
        {
            Assert.Equal("a", refused.Key);
        }

        Assert.False(rest.ToArray().AsSpan().Contains((byte)2), "Bytes of the new object came after those of the old one.");
    }

    [Fact]
    public async Task Lists_are_sorted_and_hold_only_the_prefix()
    {
        foreach (var key in new[] { "b/2", "b/10", "bc", "a", "b/1/x" })
            await Store.WriteAsync(key, default, cancellationToken: Token);

        Assert.Equal(["a", "b/1/x", "b/10", "b/2", "bc"], await KeysAsync(""));
        Assert.Equal(["b/1/x", "b/10", "b/2", "bc"], await KeysAsync("b"));
        Assert.Equal(["b/1/x", "b/10", "b/2"], await KeysAsync("b/"));
        Assert.Equal(["b/1/x", "b/10"], await KeysAsync("b/1"));
        Assert.Empty(await KeysAsync("z/"));
        Assert.Empty(await KeysAsync("../"));
        Assert.Empty(await KeysAsync("/"));
    }

    [Fact]
    public async Task Every_character_of_a_key_is_kept()
    {
        const string Key = "A-z/0.9_=@+%2F~/x%20y";
        await Store.WriteAsync(Key, "1"u8.ToArray(), cancellationToken: Token);

        Assert.Equal("1", await TextAsync(Key));
        Assert.Equal([Key], await KeysAsync("A-z/"));
        Assert.True(await Store.DeleteAsync(Key, cancellationToken: Token));
    }

    [Fact]
    public async Task Writers_and_deleters_of_neighbours_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < 30; i++)
                {
                    await Store.WriteAsync($"deep/er/{writer}", default, cancellationToken: Token);
                    await Store.DeleteAsync($"deep/er/{writer}", cancellationToken: Token);
                }
            },
            Token)));

        Assert.Empty(await KeysAsync(""));
    }

    [Fact]
    public async Task Many_threads_over_two_stores_lose_no_increment()
    {
        var stores = new[] { Store, await OpenAsync() };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            worker => Task.Run(() => Counter.IncrementAsync(stores[worker % 2], "counter", 25, Token), Token)));

        Assert.Equal("200", await TextAsync("counter"));
    }

    [Fact]
    public async Task Of_many_writers_of_a_free_key_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                try
                {
                    await Store.WriteAsync("a", Encoding.UTF8.GetBytes($"{writer}"), WriteCondition.IfAbsent, Token);
                    return writer;
                }
                catch (ConditionFailedException)
                {
                    return -1;
                }
            },
            Token)));

        Assert.Equal($"{Assert.Single(outcomes, outcome => outcome >= 0)}", await TextAsync("a"));
    }

    [Fact]
    public async Task A_key_that_leaves_the_store_is_refused_by_every_member()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReadAsync("../a", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenReadAsync("../a", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WriteAsync("../a", default, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WriteLargeAsync("../a", Fill([]), cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync("../a", cancellationToken: Token));
    }

    /// <summary>Opens the same store once more, as another process would.</summary>
    protected abstract ValueTask<ICheckpointStore> OpenAsync();

    protected static Func<Stream, CancellationToken, Task> Fill(byte[] content) => (stream, token) => stream.WriteAsync(content, token).AsTask();

    protected static byte[] Noise(int bytes)
    {
        var content = new byte[bytes];
        new Random(7).NextBytes(content);
        return content;
    }

    protected async Task<string> TextAsync(string key) => Encoding.UTF8.GetString((await Store.ReadAsync(key, Token))!.Content.Span);

    protected async Task<List<string>> KeysAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var key in Store.ListAsync(prefix, Token)) keys.Add(key);
        return keys;
    }
}
