using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Datasets.Fetching;

namespace OrleansContrastive.Data.Tests.Datasets;

public sealed class DatasetFetcherTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i * i >> 3))];
    private static readonly DatasetFile File1 = new("one", Content.Length, Hash(Content));
    private static readonly DatasetFile File2 = new("two", 3, Hash([1, 2, 3]));

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_source_that_answers_is_taken_verified_and_unpacked()
    {
        var silent = new FakeSource("silent", Refuse);
        var steps = new List<string>();

        var folder = await Fetcher(silent, Good()).FetchAsync("toy", new Steps(steps), Cancel);

        Assert.Equal(Path.Combine(_folder.Root, "toy"), folder);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Path.Combine(folder, "one"), Cancel));
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(folder, "two"), Cancel));
        Assert.Equal(["good: verifying one", "good: verifying two"], steps);
        Assert.Equal([".toy.lock", "toy"], Entries(_folder.Root));
        Assert.Equal(["one", "two"], Entries(folder));
    }

    [Fact]
    public async Task Files_that_are_there_are_not_fetched_again()
    {
        await Fetcher(Good()).FetchAsync("toy", null, Cancel);
        File.Delete(_folder.File("toy/two"));
        var asked = new List<string>();
        var source = new FakeSource("good", (files, work) =>
        {
            asked.AddRange(files.Select(file => file.Name));
            return WriteAll(files, work);
        });

        await Fetcher(source).FetchAsync("toy", null, Cancel);
        await Fetcher(source).FetchAsync("toy", null, Cancel);

        Assert.Equal(["two"], asked);
    }

    [Fact]
    public async Task Every_source_is_named_with_its_reason_and_nothing_false_is_left_in_place()
    {
        var wrong = new FakeSource("wrong", (files, work) => files.ToDictionary(
            file => file.Name, file => Put(work, file.Name, new byte[file.Length])));
        var tooLong = new FakeSource("long", (files, work) => files.ToDictionary(
            file => file.Name, file => Put(work, file.Name, new byte[file.Length + 1])));
        var cut = new FakeSource("cut", (files, work) => files.ToDictionary(
            file => file.Name, file => Put(work, file.Name + ".gz", IdxDatasetTests.Gzip(Content)[..1000])));

        var error = await Assert.ThrowsAsync<DatasetFetchException>(
            () => Fetcher(wrong, tooLong, cut).FetchAsync("toy", null, Cancel));

        Assert.Equal(["wrong", "long", "cut"], error.Failures.Select(failure => failure.Source));
        Assert.Contains(File1.Sha256, error.Failures[0].Reason, StringComparison.Ordinal);
        Assert.Contains("found more", error.Failures[1].Reason, StringComparison.Ordinal);
        Assert.All(error.Failures, failure => Assert.Contains(failure.Reason, error.Message, StringComparison.Ordinal));
        Assert.Empty(Entries(_folder.File("toy")));
    }

    [Fact]
    public async Task Two_processes_do_not_fetch_at_once()
    {
        var inside = 0;
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        var source = new FakeSource("slow", async (files, work) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref inside));
            entered.SetResult();
            await leave.Task;
            Interlocked.Decrement(ref inside);
            return WriteAll(files, work);
        });
        var waiting = new TaskCompletionSource();

        var first = Fetcher(source).FetchAsync("toy", null, Cancel);
        await entered.Task;
        var second = Fetcher(source).FetchAsync("toy", new Waiting(waiting), Cancel);
        await waiting.Task;
        leave.SetResult();

        // The second finds what the first brought: the source would fail if it were asked again.
        Assert.Equal(await first, await second);
    }

    [Fact]
    public async Task An_unknown_name_gets_those_that_can_be_fetched()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => new DatasetFetcher(_folder.Root).FetchAsync("fashion_mnist", null, Cancel));

        Assert.Contains("did you mean \"fashion-mnist\"? Known: fashion-mnist, mnist.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_where_it_ended()
    {
        var packed = IdxDatasetTests.Gzip(Content);
        var server = new FakeServer(packed) { BreakAfter = packed.Length / 3 };
        var source = new HttpsSource("https://example.org/data/", () => server);
        var recipe = new FetchRecipe("toy", [File1], [source]);

        var error = await Assert.ThrowsAsync<DatasetFetchException>(
            () => new DatasetFetcher(_folder.Root, [recipe]).FetchAsync("toy", null, Cancel));
        Assert.Contains("one.gz", error.Message, StringComparison.Ordinal);
        server.BreakAfter = null;
        await new DatasetFetcher(_folder.Root, [recipe]).FetchAsync("toy", null, Cancel);

        Assert.Equal([null, packed.Length / 3], server.Ranges);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder.File("toy/one"), Cancel));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "404")]
    [InlineData(HttpStatusCode.InternalServerError, "500")]
    public async Task An_address_that_answers_with_an_error_is_a_reason(HttpStatusCode status, string reason)
    {
        var source = new HttpsSource("https://example.org/data/", () => new FakeServer([]) { Status = status });

        var error = await Assert.ThrowsAsync<DatasetFetchException>(
            () => Fetcher(source).FetchAsync("toy", null, Cancel));

        Assert.Equal("https://example.org/data/", error.Failures[0].Source);
        Assert.Contains(reason, error.Failures[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_missing_or_fails_is_a_reason()
    {
        var missing = await Assert.ThrowsAsync<FetchFailure>(() => Command.RunAsync(_folder.Root, Cancel, "no-such-program", "x"));
        Assert.Contains("no-such-program is not on this machine", missing.Message, StringComparison.Ordinal);
        var failing = await Assert.ThrowsAsync<FetchFailure>(
            () => Command.RunAsync(_folder.Root, Cancel, "sh", "-c", "echo what went wrong >&2; exit 3"));
        Assert.Contains("exit code 3: what went wrong", failing.Message, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("fashion-mnist", "Ankle boot")]
    [InlineData("mnist", "9")]
    public async Task The_real_sets_are_fetched_and_opened(string name, string lastClass)
    {
        var folder = await new DatasetFetcher(_folder.Root).FetchAsync(name, null, Cancel);

        using var train = DatasetCatalog.Open(new DatasetRequest { Name = name, DataPath = folder });
        using var test = DatasetCatalog.Open(new DatasetRequest { Name = name, DataPath = folder, Split = "test" });
        Assert.Equal((60_000, 10_000, 28, 28), (train.Count, test.Count, train.Width, test.Height));
        Assert.Equal(lastClass, train.ClassNames[^1]);
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Put(string folder, string name, byte[] content)
    {
        File.WriteAllBytes(Path.Combine(folder, name), content);
        return Path.Combine(folder, name);
    }

    private static Dictionary<string, string> WriteAll(IEnumerable<DatasetFile> files, string work) =>
        files.ToDictionary(
            file => file.Name,
            file => file == File1
                ? Put(work, "one.gz", IdxDatasetTests.Gzip(Content))
                : Put(work, "two", [1, 2, 3]));

    private static Dictionary<string, string> Refuse(IReadOnlyList<DatasetFile> files, string work) =>
        throw new FetchFailure("no answer");

    private static string[] Entries(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static FakeSource Good() => new("good", WriteAll);

    private DatasetFetcher Fetcher(params IDatasetSource[] sources) =>
        new(_folder.Root, [new FetchRecipe("toy", [File1, File2], sources)]);

    private sealed class Steps(List<string> steps) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value) => steps.Add($"{value.Source}: {value.Step}");
    }

    private sealed class Waiting(TaskCompletionSource told) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value)
        {
            Assert.Contains("waiting", value.Step, StringComparison.Ordinal);
            told.SetResult();
        }
    }

    private sealed class FakeSource(
        string name, Func<IReadOnlyList<DatasetFile>, string, Task<Dictionary<string, string>>> bring) : IDatasetSource
    {
        public FakeSource(string name, Func<IReadOnlyList<DatasetFile>, string, Dictionary<string, string>> bring)
            : this(name, (files, work) => Task.FromResult(bring(files, work)))
        {
        }

        public string Name => name;

        public async Task<IReadOnlyDictionary<string, string>> BringAsync(
            IReadOnlyList<DatasetFile> files,
            string workFolder,
            Action<FetchProgress> report,
            CancellationToken cancellationToken) => await bring(files, workFolder);
    }

    /// <summary>Answers with one content, from where it is asked to, and may break off.</summary>
    private sealed class FakeServer(byte[] content) : HttpMessageHandler
    {
        public int? BreakAfter { get; set; }

        public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

        public List<int?> Ranges { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var from = (int?)request.Headers.Range?.Ranges.Single().From;
            Ranges.Add(from);
            var rest = content[(from ?? 0)..];
            var response = new HttpResponseMessage(from is null ? Status : HttpStatusCode.PartialContent)
            {
                Content = new StreamContent(new BreakingStream(rest, BreakAfter)),
            };
            response.Content.Headers.ContentLength = rest.Length;
            if (from is not null)
                response.Content.Headers.ContentRange = new ContentRangeHeaderValue(from.Value, content.Length - 1, content.Length);
            return Task.FromResult(response);
        }

        // Each attempt makes a client that disposes its transport; this one is used again.
        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class BreakingStream(byte[] content, int? breakAfter) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (breakAfter is null)
                return base.ReadAsync(buffer, cancellationToken);
            var left = breakAfter.Value - (int)Position;
            return left > 0 ? base.ReadAsync(buffer[..Math.Min(left, buffer.Length)], cancellationToken)
                : throw new IOException("the connection broke");
        }
    }
}
