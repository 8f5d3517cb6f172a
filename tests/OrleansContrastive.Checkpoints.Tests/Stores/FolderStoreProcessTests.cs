using System.Text;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>The promises of <see cref="FolderStore"/> between processes, and over the death of one.</summary>
public sealed class FolderStoreProcessTests : IDisposable
{
    private const int ObjectSize = 1 << 20;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Processes_lose_no_increment()
    {
        var others = Enumerable.Range(0, 3)
            .Select(_ => OtherProcess.Start(_folder.Path, typeof(FolderStoreProcessTests), nameof(Increment_in_a_process_of_its_own)))
            .ToArray();
        foreach (var other in others) await OtherProcess.EndsWellAsync(other, Token);

        var store = new FolderStore(_folder.Path);
        Assert.Equal("90", Encoding.UTF8.GetString((await store.ReadAsync("counter", Token))!.Content.Span));
    }

    [Fact]
    public async Task A_killed_writer_leaves_a_whole_object_and_no_lock()
    {
        using var other = OtherProcess.Start(
            _folder.Path, typeof(FolderStoreProcessTests), nameof(Write_without_end_in_a_process_of_its_own));
        var store = new FolderStore(_folder.Path);
        var tags = new HashSet<string>();
        while (tags.Count < 5)
        {
            if (await store.ReadAsync("large", Token) is { } seen)
            {
                tags.Add(seen.ETag);
                AssertWhole(seen.Content.Span);
            }

            Assert.False(other.HasExited);
        }

        other.Kill();
        await other.WaitForExitAsync(Token);

        var left = (await store.ReadAsync("large", Token))!;
        AssertWhole(left.Content.Span);
        await store.WriteAsync("large", "mine"u8.ToArray(), WriteCondition.IfMatch(left.ETag), Token);
    }

    [Fact(Explicit = true)]
    public Task Increment_in_a_process_of_its_own() =>
        Counter.IncrementAsync(new FolderStore(OtherProcess.Folder ?? _folder.Path, flushToDisk: false), "counter", 30, Token);

    [Fact(Explicit = true)]
    public async Task Write_without_end_in_a_process_of_its_own()
    {
        var store = new FolderStore(OtherProcess.Folder ?? _folder.Path, flushToDisk: false);
        var content = new byte[ObjectSize];
        // Started by hand there is nobody to kill it.
        for (var i = 0; OtherProcess.Folder is not null || i < 20; i++)
        {
            content.AsSpan().Fill((byte)i);
            await store.WriteAsync("large", content, cancellationToken: Token);
        }

        AssertWhole((await store.ReadAsync("large", Token))!.Content.Span);
    }

    private static void AssertWhole(ReadOnlySpan<byte> content)
    {
        Assert.Equal(ObjectSize, content.Length);
        Assert.False(content.ContainsAnyExcept(content[0]), "The object is a mixture of two writes.");
    }
}
