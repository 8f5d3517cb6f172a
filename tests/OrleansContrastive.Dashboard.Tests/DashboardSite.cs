using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansContrastive.Dashboard.Monitoring;

namespace OrleansContrastive.Dashboard.Tests;

/// <summary>The page on a free loopback port.</summary>
internal sealed class DashboardSite : IAsyncDisposable
{
    private readonly WebApplication _application;

    private DashboardSite(WebApplication application)
    {
        _application = application;
        Client = new() { BaseAddress = new(application.Urls.Single() + "/") };
    }

    public HttpClient Client { get; }

    public static async Task<DashboardSite> StartAsync(IRunReader runs, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddContrastiveDashboard(_ => _ => Task.FromResult<IReadOnlyList<string>>([]));
        builder.Services.AddSingleton(runs);
        var application = builder.Build();
        application.MapContrastiveDashboard();
        await application.StartAsync(cancellationToken);
        return new(application);
    }

    /// <summary>Waits until the page shows something.</summary>
    public async Task UntilAsync(Func<DashboardState, bool> reached, CancellationToken cancellationToken)
    {
        var monitor = _application.Services.GetRequiredService<RunMonitor>();
        while (true)
        {
            var (state, next) = monitor.Frame;
            if (reached(state)) return;
            await next.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        Client.Dispose();
    }
}
