using System.Net;
using System.Net.Sockets;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Stores.Blobs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>The contract against the storage emulator, and what only a service does.</summary>
public sealed class BlobStoreTests(Azurite azurite) : StoreContract
{
    private readonly string _container = azurite.FreshContainer();

    [Fact]
    public async Task Two_writers_of_one_large_object_leave_one_of_them_whole()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 4).Select(writer => Task.Run(
            async () =>
            {
                var store = await OpenAsync();
                try
                {
                    await store.WriteLargeAsync("large", Fill(Enumerable.Repeat((byte)writer, 9 << 20).ToArray()), cancellationToken: Token);
                    return writer;
                }
                catch (CheckpointException refused)
                {
                    Assert.Contains("by somebody else while its blocks were sent", refused.Message, StringComparison.Ordinal);
                    return 0;
                }
            },
            Token)));

        var left = (await Store.ReadAsync("large", Token))!.Content;
        Assert.Equal(9 << 20, left.Length);
        Assert.False(left.Span.ContainsAnyExcept(left.Span[0]), "The object is a mixture of two writers.");
        Assert.Contains(left.Span[0], outcomes.Select(outcome => (byte)outcome));
    }

    [Theory]
    [InlineData("small")]
    [InlineData("large")]
    public async Task A_write_whose_answer_was_lost_is_not_taken_for_another_writers(string size)
    {
        var lossy = new LossyTransport();
        var store = new BlobStore(await ClientAsync(lossy), blockBytes: 1000);
        var content = Noise(size == "small" ? 10 : 2500);

        // The last request of a write makes it visible; its answer is lost, and so it is sent again.
        lossy.Lost = 0;
        lossy.LoseAnswerOf = request => request.Uri.Query.Contains("comp=blocklist", StringComparison.Ordinal) || size == "small";
        var tag = await store.WriteLargeAsync("a", Fill(content), WriteCondition.IfAbsent, Token);
        Assert.Equal(1, lossy.Lost);
        Assert.Equal(tag, (await store.ReadAsync("a", Token))!.ETag);

        lossy.Lost = 0;
        tag = await store.WriteLargeAsync("a", Fill(content), WriteCondition.IfMatch(tag), Token);
        Assert.Equal(1, lossy.Lost);
        lossy.Lost = 0;
        var refused = await Assert.ThrowsAsync<ConditionFailedException>(() => store.WriteLargeAsync("a", Fill(content), WriteCondition.IfAbsent, Token));
        Assert.Equal(tag, refused.FoundETag);
    }

    [Fact]
    public async Task A_service_that_fails_for_a_while_is_asked_again()
    {
        var lossy = new LossyTransport();
        var store = new BlobStore(await ClientAsync(lossy));
        await store.WriteAsync("a", "1"u8.ToArray(), cancellationToken: Token);
        (lossy.Failures, lossy.FailAll) = (0, 2);

        Assert.Equal("1", Encoding.UTF8.GetString((await store.ReadAsync("a", Token))!.Content.Span));
        Assert.Equal(2, lossy.Failures);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var options = new BlobClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1), Mode = RetryMode.Fixed } };
        var store = new BlobStore(new BlobContainerClient(new Uri($"http://127.0.0.1:{port}/account/box"), options));

        foreach (var call in new Func<Task>[]
        {
            () => store.ReadAsync("a/b", Token),
            () => store.OpenReadAsync("a/b", Token),
            () => store.WriteAsync("a/b", new byte[1], cancellationToken: Token),
            () => store.WriteLargeAsync("a/b", Fill(new byte[9 << 20]), cancellationToken: Token),
            () => store.DeleteAsync("a/b", cancellationToken: Token),
            () => store.ListAsync("a/b", Token).ToListAsync(Token).AsTask(),
        })
        {
            var fault = await Assert.ThrowsAsync<StoreUnavailableException>(call);
            Assert.Contains("a/b", fault.Message, StringComparison.Ordinal);
            Assert.Contains($"http://127.0.0.1:{port}/account/box", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', fault.Message);
        }
    }

    [Fact]
    public async Task A_caller_with_a_wrong_key_is_told_what_it_needs()
    {
        var connection = await azurite.ConnectionStringAsync(Token);
        var key = connection.Split(';').Single(part => part.StartsWith("AccountKey=", StringComparison.Ordinal));
        var wrong = connection.Replace(key, $"AccountKey={Convert.ToBase64String(new byte[64])}", StringComparison.Ordinal);
        var store = new BlobStore(new BlobContainerClient(wrong, _container));

        var fault = await Assert.ThrowsAsync<StoreAccessException>(() => store.ReadAsync("a", Token));

        Assert.Contains("reading 'a' with 403", fault.Message, StringComparison.Ordinal);
        Assert.Contains(store.Location, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_ends_as_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadAsync("a", cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.WriteAsync("a", default, cancellationToken: cancelled.Token));
    }

    [Fact]
    public async Task What_a_writer_throws_comes_out_as_it_is()
    {
        var mine = new IOException("of the writer");

        Assert.Same(mine, await Assert.ThrowsAsync<IOException>(() => Store.WriteLargeAsync("a", (_, _) => throw mine, cancellationToken: Token)));
    }

    [Fact]
    public async Task Another_process_reads_what_an_address_opens()
    {
        var text = $"{await azurite.ConnectionStringAsync(Token)};Container={_container}";
        await StoreAddress.Parse(text).Open().WriteAsync("a", "1"u8.ToArray(), cancellationToken: Token);

        Assert.Equal("1", await TextAsync("a"));
    }

    protected override async ValueTask<ICheckpointStore> OpenAsync() => new BlobStore(await ClientAsync());

    private async Task<BlobContainerClient> ClientAsync(HttpPipelineTransport? transport = null)
    {
        var options = StoreAddress.Client();
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        if (transport is not null) options.Transport = transport;
        return new BlobContainerClient(await azurite.ConnectionStringAsync(Token), _container, options);
    }

    /// <summary>A network that drops the answer of one chosen request, or fails so many requests before they are sent.</summary>
    private sealed class LossyTransport : HttpPipelineTransport
    {
        private readonly HttpClientTransport _inner = HttpClientTransport.Shared;

        public Func<Request, bool> LoseAnswerOf { get; set; } = _ => false;

        public int Lost { get; set; } = 1;

        public int FailAll { get; set; }

        public int Failures { get; set; }

        public override Request CreateRequest() => _inner.CreateRequest();

        public override void Process(HttpMessage message) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message)
        {
            if (Failures < FailAll)
            {
                Failures++;
                throw new IOException("the network is away");
            }

            await _inner.ProcessAsync(message);
            if (message.Request.Method == RequestMethod.Put && message.Response.Status == 201 && Lost == 0 && LoseAnswerOf(message.Request))
            {
                Lost++;
                throw new IOException("the answer is lost");
            }
        }
    }
}
