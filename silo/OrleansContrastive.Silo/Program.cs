using Microsoft.Extensions.Options;
using OrleansContrastive.Dashboard;
using OrleansContrastive.Hosting.Health;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Silo;
using Serilog;

// A node: appsettings.json, then the environment, then the command line.
if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(CommandLine.Help);
    return 0;
}

if (args is ["--probe", var probe]) return await HealthProbe.AskAsync(probe);
if (CommandLine.Problem(args) is { } problem) return await WrongAsync([problem]);

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
builder.Configuration.AddCommandLine(args, CommandLine.Mappings);
LogSettings log = new();
NodeDescription node;
try
{
    log = NodeOptions.Read<LogSettings>(builder.Configuration, "Log");
    node = builder.AddContrastiveNode();
}
catch (OptionsValidationException exception)
{
    return await WrongAsync([.. exception.Failures, .. log.Problems()]);
}

if (log.Problems().ToList() is { Count: > 0 } problems) return await WrongAsync(problems);
if (!bool.TryParse(builder.Configuration["Dashboard:Enabled"] ?? "false", out var dashboard))
    return await WrongAsync([$"Dashboard:Enabled is '{builder.Configuration["Dashboard:Enabled"]}'; expected true or false."]);
builder.Logging.ClearProviders().AddSerilog(log.Create(builder.Configuration, node.Name), dispose: true);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(node.Health));

if (dashboard) builder.Services.AddContrastiveDashboard(services => services.GetRequiredService<RunDirectory>().ListAsync);

await using var app = builder.Build();
app.MapNodeHealth();
if (dashboard) app.MapContrastiveDashboard();
foreach (var run in builder.Configuration.GetSection("Runs").Get<string[]>() ?? []) app.Services.GetRequiredService<RunCatalog>().Add(run);
try
{
    await app.Services.GetRequiredService<SelfTest>().RunAsync();
    await app.StartAsync();
}
catch (Exception exception) when (exception is not OperationCanceledException)
{
    SiloLog.NotStarted(app.Logger, node.Name, exception);
    await Console.Error.WriteLineAsync($"contrastive-silo {node.Name} did not start: {exception.Message}");
    return 1;
}

SiloLog.Ready(app.Logger, node.Name, node.Cluster, node.Roles, $"{node.Silo}", $"{node.Gateway}", string.Join(' ', app.Urls));
await app.WaitForShutdownAsync();
if (app.Services.GetRequiredService<NodeHealth>().IsDeclaredDead)
{
    SiloLog.DeclaredDead(app.Logger, node.Name, node.Cluster);
    return 1;
}

SiloLog.Left(app.Logger, node.Name, node.Cluster);
return 0;

static async Task<int> WrongAsync(IEnumerable<string> sentences)
{
    foreach (var sentence in sentences) await Console.Error.WriteLineAsync(sentence);
    return 2;
}
