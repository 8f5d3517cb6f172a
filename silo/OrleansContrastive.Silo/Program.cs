using System.Globalization;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Hosting;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;
using Serilog;

// A node. Options: appsettings.json, then the environment, then the command line (Store:Folder, Worker:Roles, ...).
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().AddSerilog(
    new LoggerConfiguration().ReadFrom.Configuration(builder.Configuration).WriteTo.Console(formatProvider: CultureInfo.InvariantCulture).CreateLogger(), dispose: true);

var folder = builder.Configuration["Store:Folder"];
if (string.IsNullOrEmpty(folder))
{
    await Console.Error.WriteLineAsync("Store:Folder is not set; give the folder for membership, run records and checkpoints, as --Store:Folder=PATH or Store__Folder.");
    return 2;
}

var store = new FolderStore(folder);
builder.Host.UseOrleans(silo =>
{
    silo.UseLocalhostClustering();
    silo.Configure<ClusterOptions>(builder.Configuration.GetSection("Cluster"));
    silo.UseStoreClustering(store);
    silo.AddContrastive(store, options => builder.Configuration.GetSection("Worker").Bind(options));
});
builder.Services.AddHealthChecks();

var app = builder.Build();
foreach (var run in builder.Configuration.GetSection("Runs").Get<string[]>() ?? []) app.Services.GetRequiredService<RunCatalog>().Add(run);
app.MapHealthChecks("/health/live");
await app.RunAsync();
return 0;
