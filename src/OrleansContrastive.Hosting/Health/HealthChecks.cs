using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace OrleansContrastive.Hosting.Health;

/// <summary>
/// Three questions that a platform asks: has it started (wait), is it ready (send it work), does it live (or restart it). The
/// answer is 200 or 503, and a line that says why.
/// </summary>
public static class HealthChecks
{
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StuckLimit = TimeSpan.FromMinutes(2);

    /// <summary>Adds the checks and what they look at.</summary>
    public static IServiceCollection AddNodeHealth(this IServiceCollection services)
    {
        services.AddHostedService<HealthSwitch>();
        services.AddHealthChecks()
            .Add(Check("startup", Startup))
            .Add(Check("ready", Ready))
            .Add(Check("live", Live));
        return services;
    }

    /// <summary>Maps <c>/health/startup</c>, <c>/health/ready</c> and <c>/health/live</c>.</summary>
    public static void MapNodeHealth(this IEndpointRouteBuilder routes)
    {
        foreach (var name in new[] { "startup", "ready", "live" })
        {
            routes.MapHealthChecks($"/health/{name}", new HealthCheckOptions
            {
                Predicate = check => check.Name == name,
                ResponseWriter = WriteAsync,
            });
        }
    }

    /// <summary>The silo has passed its self-test and joined the cluster.</summary>
    private static HealthCheckResult Startup(NodeHealth health) =>
        health.HasStarted ? HealthCheckResult.Healthy("started") : HealthCheckResult.Unhealthy("has not joined the cluster yet");

    /// <summary>Work can be given to it: it is in the cluster, does not leave it, sees the store, and its runs answer it.</summary>
    private static HealthCheckResult Ready(NodeHealth health) =>
        !health.HasStarted ? HealthCheckResult.Unhealthy("has not joined the cluster yet")
        : health.IsStopping ? HealthCheckResult.Unhealthy("is leaving the cluster")
        : health.SinceStore is not { } store ? HealthCheckResult.Unhealthy("has not read the store yet")
        : store > StoreLimit ? HealthCheckResult.Unhealthy($"has not reached the store for {store.TotalSeconds:F0} s")
        : health.Silent(RunLimit) is { Count: > 0 } silent ? HealthCheckResult.Unhealthy($"has had no answer for {RunLimit.TotalSeconds:F0} s from {string.Join(", ", silent)}")
        : HealthCheckResult.Healthy("ready");

    /// <summary>Its own loops turn. Asks nobody else: a store or a cluster that is away is no reason to restart this process.</summary>
    private static HealthCheckResult Live(NodeHealth health) =>
        !health.IsStopping && health.Stuck(StuckLimit) is { Count: > 0 } stuck
            ? HealthCheckResult.Unhealthy($"has been stuck for {StuckLimit.TotalMinutes:F0} minutes serving {string.Join(", ", stuck)}")
            : HealthCheckResult.Healthy("alive");

    private static HealthCheckRegistration Check(string name, Func<NodeHealth, HealthCheckResult> judge) =>
        new(name, services => new StateCheck(services.GetRequiredService<NodeHealth>(), judge), HealthStatus.Unhealthy, null);

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(string.Join('\n', report.Entries.Select(entry => $"{entry.Value.Status}: {entry.Value.Description}")) + "\n");
    }

    private sealed class StateCheck(NodeHealth health, Func<NodeHealth, HealthCheckResult> judge) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(judge(health));
    }

    /// <summary>Follows the host's life.</summary>
    private sealed class HealthSwitch(NodeHealth health, IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            lifetime.ApplicationStarted.Register(health.Started);
            lifetime.ApplicationStopping.Register(health.Stopping);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
