using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Dashboard.Tests;

/// <summary>The page and its endpoints over HTTP.</summary>
public sealed class PageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere_and_its_policy_says_so()
    {
        await using var site = await DashboardSite.StartAsync(new FakeRuns(), Token);

        using var answer = await site.Client.GetAsync("dashboard", Token);

        var html = await answer.Content.ReadAsStringAsync(Token);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        var nonce = Regex.Match(policy, "script-src 'nonce-([0-9a-f]{32})'").Groups[1].Value;
        Assert.Contains($"<script nonce=\"{nonce}\">", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NONCE", html, StringComparison.Ordinal);
        Assert.DoesNotContain("STATE", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=", html);
        Assert.Equal(["http://www.w3.org/2000/svg"], Regex.Matches(html, "https?://[^\"'` ]+").Select(match => match.Value));
        using var again = await site.Client.GetAsync("dashboard", Token);
        Assert.DoesNotContain(nonce, await again.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_bring_every_state_as_it_comes()
    {
        var runs = new FakeRuns();
        await using var site = await DashboardSite.StartAsync(runs, Token);
        using var answer = await site.Client.GetAsync("dashboard/events", HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        await using var stream = await answer.Content.ReadAsStreamAsync(Token);

        var versions = new List<long>();
        await foreach (var happened in SseParser.Create(stream).EnumerateAsync(Token))
        {
            Assert.Equal("state", happened.EventType);
            using var state = JsonDocument.Parse(happened.Data);
            if (state.RootElement.GetProperty("runs") is { } panels && panels.GetArrayLength() == 0) continue;
            versions.Add(panels[0].GetProperty("version").GetInt64());
            if (versions[^1] >= 20) break;
            runs.Status = FakeRuns.At(RunPhase.Running, versions[^1] + 10);
        }

        Assert.Equal([0L, 10L, 20L], versions.Distinct());
        using var whole = JsonDocument.Parse(await site.Client.GetStringAsync("dashboard/state", Token));
        Assert.Equal("blue", whole.RootElement.GetProperty("runs")[0].GetProperty("run").GetString());
    }

    [Fact]
    public async Task An_evaluation_is_begun_only_by_the_page_itself()
    {
        await using var site = await DashboardSite.StartAsync(new FakeRuns(), Token);
        using var foreign = await site.Client.PostAsync("dashboard/runs/blue/knn", null, Token);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);

        site.Client.DefaultRequestHeaders.Add("X-Requested-With", "dashboard");
        using var unknown = await site.Client.PostAsync("dashboard/runs/red/knn", null, Token);
        Assert.Equal(HttpStatusCode.Conflict, unknown.StatusCode);
        Assert.Equal("There is no run 'red'.", await unknown.Content.ReadAsStringAsync(Token));
        await site.UntilAsync(state => state.Runs.Count == 1, Token);
        using var own = await site.Client.PostAsync("dashboard/runs/blue/knn", null, Token);
        Assert.Equal(HttpStatusCode.NoContent, own.StatusCode);
    }

    [Fact]
    public async Task An_open_stream_does_not_hold_up_the_end()
    {
        var site = await DashboardSite.StartAsync(new FakeRuns(), Token);
        using var answer = await site.Client.GetAsync("dashboard/events", HttpCompletionOption.ResponseHeadersRead, Token);
        await using var stream = await answer.Content.ReadAsStreamAsync(Token);
        Assert.True(await stream.ReadAsync(new byte[100], Token) > 0);

        await site.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Token);
    }
}
