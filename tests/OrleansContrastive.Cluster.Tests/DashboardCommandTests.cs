using System.Diagnostics;
using System.Net;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>The page of the runs from a process that is no silo: there before the cluster, and linked to it when it comes.</summary>
public sealed class DashboardCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dashboard_waits_for_the_cluster_and_shows_it()
    {
        await using var cluster = new TestCluster();
        Directory.CreateDirectory(cluster.StoreFolder);
        var url = $"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}";
        using var dashboard = Start(cluster, new Uri(url).Port);
        var said = dashboard.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            Assert.Contains($"{url}/dashboard", await dashboard.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(Patience, Token), StringComparison.Ordinal);
            _ = dashboard.StandardOutput.ReadToEndAsync(CancellationToken.None);
            using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(url) };
            using var root = await http.GetAsync(new Uri("/", UriKind.Relative), Token);
            Assert.Equal((HttpStatusCode.Redirect, "/dashboard"), (root.StatusCode, root.Headers.Location?.OriginalString));
            Assert.Equal("alive", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative), Token));
            using (var early = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Token)) Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
            Assert.Contains("<html", await http.GetStringAsync(new Uri("/dashboard", UriKind.Relative), Token), StringComparison.Ordinal);

            await cluster.StartAsync(("node", "all"));
            await cluster.StartRunAsync(SmallSpec.Create(leases: 1_000_000));
            await UntilAsync(async () => (await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Token)).IsSuccessStatusCode);
            await UntilAsync(async () => (await http.GetStringAsync(new Uri("/dashboard/state", UriKind.Relative), Token)).Contains("\"phase\":\"running\"", StringComparison.OrdinalIgnoreCase));

            using var stop = Process.Start("kill", ["-TERM", $"{dashboard.Id}"]);
            await dashboard.WaitForExitAsync(Token).WaitAsync(Patience, Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (!dashboard.HasExited) dashboard.Kill();
            throw new InvalidOperationException($"{exception.Message} The dashboard said: {await said}", exception);
        }
        finally
        {
            if (!dashboard.HasExited) dashboard.Kill();
        }
    }

    /// <summary>As beside a silo: which cluster it is says the environment.</summary>
    private static Process Start(TestCluster cluster, int port)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "contrastive.dll"), "dashboard", "--port", $"{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["Store__Address"] = cluster.StoreFolder;
        start.Environment["Cluster__ClusterId"] = cluster.Cluster.Id;
        return Process.Start(start)!;
    }

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        while (!await reached()) await Task.Delay(100, patience.Token);
    }
}
