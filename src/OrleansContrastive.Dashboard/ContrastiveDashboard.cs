using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans;
using OrleansContrastive.Dashboard.Monitoring;
using OrleansContrastive.Dashboard.Page;

namespace OrleansContrastive.Dashboard;

/// <summary>
/// The live page of a cluster's runs: phase, loss, throughput, kNN, what is stale and by how much, who hosts what, and what
/// happened. One page without anything from elsewhere, fed by server-sent events.
/// </summary>
public static class ContrastiveDashboard
{
    /// <summary>Adds what watches the runs: one call a second and run, whoever looks.</summary>
    /// <param name="services">The services of a silo or of a cluster client: an <see cref="IGrainFactory"/> must be among them.</param>
    /// <param name="runs">Gives the ids of the cluster's runs.</param>
    public static IServiceCollection AddContrastiveDashboard(
        this IServiceCollection services, Func<IServiceProvider, Func<CancellationToken, Task<IReadOnlyList<string>>>> runs) =>
        services.AddContrastiveDashboard(runs, provider => provider.GetRequiredService<IGrainFactory>);

    /// <summary>The same for a client whose way to the grains may come and go.</summary>
    /// <param name="services">The services.</param>
    /// <param name="runs">Gives the ids of the cluster's runs.</param>
    /// <param name="grains">Gives the way to the grains at the moment; may throw where there is none.</param>
    public static IServiceCollection AddContrastiveDashboard(
        this IServiceCollection services,
        Func<IServiceProvider, Func<CancellationToken, Task<IReadOnlyList<string>>>> runs,
        Func<IServiceProvider, Func<IGrainFactory>> grains)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(grains);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IRunReader>(provider => new GrainRunReader(grains(provider), runs(provider)));
        services.AddSingleton<RunMonitor>();
        services.AddHostedService(provider => provider.GetRequiredService<RunMonitor>());
        return services;
    }

    /// <summary>
    /// Maps the page, its state as JSON (<c>/state</c>), its events (<c>/events</c>) and the request for a quick kNN evaluation. It
    /// asks nobody who they are: require authorization on what is returned, or listen where only friends are.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">Where the page lies.</param>
    public static IEndpointConventionBuilder MapContrastiveDashboard(this IEndpointRouteBuilder endpoints, string path = "/dashboard")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup(path);
        group.MapGet("", DashboardPage.WriteAsync);
        group.MapGet("/state", (RunMonitor monitor) => TypedResults.Json(monitor.State, DashboardJson.Default.DashboardState));
        group.MapGet("/events", (RunMonitor monitor, IHostApplicationLifetime application, HttpContext context) =>
            EventStream.WriteAsync(monitor, context, application.ApplicationStopping));
        group.MapPost("/runs/{run}/knn", async (string run, RunMonitor monitor, HttpContext context, CancellationToken cancellationToken) =>
        {
            // A page of another origin cannot send this header without being asked.
            if (context.Request.Headers["X-Requested-With"] != "dashboard") return Results.StatusCode(StatusCodes.Status403Forbidden);
            return await monitor.JudgeAsync(run, cancellationToken) is { } problem
                ? Results.Text(problem, statusCode: StatusCodes.Status409Conflict)
                : Results.NoContent();
        });
        return group;
    }
}
