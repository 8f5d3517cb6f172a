using System.Diagnostics;
using System.Text.RegularExpressions;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Dashboard.Tests;

/// <summary>The page in a real browser (Debian's chromium), where there is one.</summary>
public sealed class BrowserTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_browser_draws_curves_clocks_silos_shards_and_events()
    {
        var chromium = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        if (chromium is null) Assert.Skip("There is no chromium on this machine.");

        var runs = new FakeRuns();
        await using var site = await DashboardSite.StartAsync(runs, Token);
        for (var version = 10; version <= 30; version += 10)
        {
            runs.Status = FakeRuns.At(RunPhase.Running, version, loss: 8 - (version / 10.0)) with
            {
                SilosLost = version / 30,
                Problem = "a <b>name</b> that is no markup",
                Asynchrony = new()
                {
                    GradientStaleness = new(100, 1, 3, 5, 8),
                    KeyLag = new(100, 1, 2, 2, 3),
                    KeyAge = new(100, 30, 60, 63, 64),
                    BankAge = default,
                    BatchNormPolicy = "splits of 1",
                    TrafficPerLease = default,
                },
            };
            var wanted = version;
            await site.UntilAsync(state => state.Runs is [var panel] && panel.Version == wanted, Token);
        }

        using var profile = new TemporaryFolder();
        var picture = Environment.GetEnvironmentVariable("OC_SCREENSHOT") ?? profile["page.png"];
        var page = new Uri(site.Client.BaseAddress!, "dashboard").ToString();
        string[] common = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", $"--user-data-dir={profile.Path}", "--window-size=1280,1500", "--timeout=150000"];
        var document = await RunAsync(chromium, [.. common, "--dump-dom", page]);
        await RunAsync(chromium, [.. common, $"--screenshot={picture}", page]);

        Assert.Matches("<polyline[^>]*points=\"0.00,[0-9., ]+100.00,", document);
        foreach (var text in new[] { "live, 1 run", ">blue<", "gpu-1", "store-b", "Key-encoder lag", "1 silo lost", "moco-v2 on fashion-mnist", "aria-label=\"Loss: now" })
            Assert.Contains(text, document, StringComparison.Ordinal);
        // What comes from a run is text, never markup.
        Assert.Contains("a &lt;b&gt;name&lt;/b&gt; that is no markup", document, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("NaN|undefined|\\[object"), document[document.IndexOf("<main", StringComparison.Ordinal)..document.IndexOf("<script", StringComparison.Ordinal)]);
        Assert.True(new FileInfo(picture).Length > 10_000);
    }

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(Token);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, await errors);
            return output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
