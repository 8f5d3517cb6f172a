using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansContrastive.Cli.Commands;
using OrleansContrastive.Dashboard;
using OrleansContrastive.Hosting.Clients;
using OrleansContrastive.Hosting.Health;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>What the programs really answer, asked of their own routes.</summary>
internal static class HealthRoutes
{
    public static IReadOnlyList<string> OfSilo()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddNodeHealth();
        var app = builder.Build();
        app.MapNodeHealth();
        return Routes(app);
    }

    public static IReadOnlyList<string> OfDashboard()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<ClusterLink>(_ => throw new NotSupportedException());
        builder.Services.AddContrastiveDashboard(_ => _ => throw new NotSupportedException());
        var app = builder.Build();
        DashboardCommand.Map(app);
        return Routes(app);
    }

    private static IReadOnlyList<string> Routes(WebApplication app) =>
        [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText).OfType<string>()];
}
