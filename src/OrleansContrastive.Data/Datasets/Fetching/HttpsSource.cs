using System.Net;
using System.Net.Http.Headers;

namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>Files at a public address, gzip-compressed. A download that broke off goes on where it ended.</summary>
internal sealed class HttpsSource : IDatasetSource
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(60);

    private readonly Uri _folder;
    private readonly Func<HttpMessageHandler> _handler;

    /// <param name="folder">The address of the files, with <c>/</c> at the end.</param>
    /// <param name="handler">Makes the transport; null takes the network.</param>
    public HttpsSource(string folder, Func<HttpMessageHandler>? handler = null)
    {
        _folder = new Uri(folder);
        _handler = handler ?? (() => new SocketsHttpHandler { ConnectTimeout = ConnectTimeout });
    }

    public string Name => _folder.ToString();

    public async Task<IReadOnlyDictionary<string, string>> BringAsync(
        IReadOnlyList<DatasetFile> files,
        string workFolder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken)
    {
        using var client = new HttpClient(_handler()) { Timeout = Timeout.InfiniteTimeSpan };
        var brought = new Dictionary<string, string>();
        foreach (var file in files)
        {
            var path = Path.Combine(workFolder, file.Name + ".gz");
            try
            {
                if (!File.Exists(path))
                    await DownloadAsync(client, file.Name + ".gz", path, report, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                throw new FetchFailure($"{file.Name}.gz: {e.Message}", e);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new FetchFailure($"{file.Name}.gz: nothing came for {SilenceTimeout.TotalSeconds} s", e);
            }

            brought[file.Name] = path;
        }

        return brought;
    }

    private async Task DownloadAsync(
        HttpClient client, string name, string path, Action<FetchProgress> report, CancellationToken cancellationToken)
    {
        // Cancelled by the caller, or by a silence: every byte that comes restarts the clock.
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(SilenceTimeout);

        var part = path + ".part";
        var have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_folder, name));
        if (have > 0)
            request.Headers.Range = new RangeHeaderValue(have, null);
        using var response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // The part is as long as the whole or longer: the hash will judge it.
            File.Move(part, path, overwrite: true);
            return;
        }

        response.EnsureSuccessStatusCode();
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent;
        var done = goesOn ? have : 0;
        var total = response.Content.Headers.ContentLength + done;
        await using (var target = new FileStream(part, goesOn ? FileMode.Append : FileMode.Create))
        await using (var content = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false))
        {
            var buffer = new byte[1 << 16];
            while (await content.ReadAsync(buffer, silence.Token).ConfigureAwait(false) is > 0 and var read)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), silence.Token).ConfigureAwait(false);
                done += read;
                silence.CancelAfter(SilenceTimeout);
                report(new FetchProgress(Name, $"downloading {name}", done, total));
            }
        }

        if (total is not null && done != total)
            throw new IOException($"expected {total} bytes, found {done}");
        File.Move(part, path, overwrite: true);
    }
}
