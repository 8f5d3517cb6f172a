using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OrleansContrastive.Cli.Commands.Runs;
using OrleansContrastive.Dashboard;
using OrleansContrastive.Hosting.Clients;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive dashboard</c>: the live page of a cluster's runs, served by a client and not by a silo.</summary>
internal static class DashboardCommand
{
    private static readonly Option<string> Address = new("--address") { Description = "Address to listen on; 0.0.0.0 = all. The page asks nobody who they are.", DefaultValueFactory = _ => "127.0.0.1" };
    private static readonly Option<int> Port = new("--port") { Description = "Port of the page; 0 = a free one.", DefaultValueFactory = _ => 8080 };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("dashboard", "Serves the live page of a cluster's runs, until it is stopped.") { Address, Port };
        var choice = ClusterChoice.AddTo(command, withJson: false);
        command.SetAction((parsed, cancellation) => ServeAsync(parsed, choice, cancellation));
        return command;
    }

    private static async Task<int> ServeAsync(ParseResult parsed, ClusterChoice choice, CancellationToken cancellation)
    {
        var (address, port) = (parsed.GetValue(Address)!, parsed.GetValue(Port));
        if (!IPAddress.TryParse(address, out var listen)) throw new UsageException($"--address is '{address}'; expected an IP address such as 127.0.0.1 or 0.0.0.0.");
        if (port is < 0 or > 65535) throw new UsageException($"--port is {port}; expected 1 to 65535, or 0 for a free one.");
        await using var app = Build(parsed, choice, new(listen, port));
        await app.StartAsync(cancellation);
        foreach (var url in app.Urls) Console.WriteLine($"The runs of cluster {choice.Cluster(parsed)} are shown at {url}/dashboard");
        await app.WaitForShutdownAsync(cancellation);
        return ExitCodes.Done;
    }

    private static WebApplication Build(ParseResult parsed, ClusterChoice choice, IPEndPoint endpoint)
    {
        var store = choice.Store(parsed);
        // An empty builder: what stands in the environment for a silo does not change this.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(endpoint));
        builder.Services.AddRoutingCore();
        // Log lines go to stderr: the page's address is alone on stdout.
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(provider => new ClusterLink(store, choice.Cluster(parsed), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ClusterLink>>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ClusterLink>());
        builder.Services.AddContrastiveDashboard(
            provider => provider.GetRequiredService<ClusterLink>().Runs.ListAsync,
            provider => () => provider.GetRequiredService<ClusterLink>().Grains);
        var app = builder.Build();
        Map(app);
        return app;
    }

    /// <summary>Maps the page, and what a platform asks.</summary>
    internal static void Map(WebApplication app)
    {
        app.MapContrastiveDashboard();
        app.MapGet("/", () => TypedResults.Redirect("/dashboard"));
        app.MapGet("/health/startup", () => "started");
        // The page is served whether there is a cluster or not: no reason to start this process again.
        app.MapGet("/health/live", () => "alive");
        app.MapGet("/health/ready", (ClusterLink link) =>
            link.IsConnected ? Results.Text("ready") : Results.Text(link.Problem, statusCode: StatusCodes.Status503ServiceUnavailable));
    }
}
