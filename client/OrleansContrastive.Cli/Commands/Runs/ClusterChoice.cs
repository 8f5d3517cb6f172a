using System.CommandLine;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Data;
using OrleansContrastive.Hosting.Clients;
using OrleansContrastive.Hosting.Nodes;

namespace OrleansContrastive.Cli.Commands.Runs;

/// <summary>The options by which a command names a cluster, and what all commands on one share.</summary>
internal sealed class ClusterChoice
{
    /// <summary>How long a command waits for a run whose silo is being replaced.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // The variables that a silo reads too: beside one, nothing has to be named.
    private const string StoreVariable = "Store__Address";
    private const string ClusterVariable = "Cluster__ClusterId";

    private readonly Option<string> _store = new("--store")
    {
        Description = $"The cluster's store: a folder, https://ACCOUNT.blob.core.windows.net/CONTAINER, a connection string with ;Container=NAME, or azurite; by default what {StoreVariable} says.",
        Required = Said(StoreVariable) is null,
    };

    private readonly Option<string> _cluster = new("--cluster")
    {
        Description = $"Id of the cluster; by default what {ClusterVariable} says, or {ContrastiveNode.DefaultCluster}.",
        DefaultValueFactory = _ => Said(ClusterVariable) ?? ContrastiveNode.DefaultCluster,
    };

    private readonly Option<bool> _json = new("--json") { Description = "JSON on standard output, and nothing else there." };

    /// <summary>Adds the options to a command.</summary>
    public static ClusterChoice AddTo(Command command, bool withJson = true)
    {
        var choice = new ClusterChoice();
        if (Said(StoreVariable) is { } store) choice._store.DefaultValueFactory = _ => store;
        command.Options.Add(choice._store);
        command.Options.Add(choice._cluster);
        if (withJson) command.Options.Add(choice._json);
        return choice;
    }

    private static string? Said(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } said ? said : null;

    /// <summary>Whether only JSON is wanted.</summary>
    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>The cluster's id.</summary>
    public string Cluster(ParseResult parsed) => parsed.GetValue(_cluster)!;

    /// <summary>The options again, for a hint that can be pasted.</summary>
    public string Hint(ParseResult parsed) =>
        $"--store {parsed.GetValue(_store)}{(Cluster(parsed) == ContrastiveNode.DefaultCluster ? "" : $" --cluster {Cluster(parsed)}")}";

    /// <summary>Connects to the cluster.</summary>
    /// <exception cref="UsageException">The store has no address that can be, or its folder is not there.</exception>
    public Task<ClusterClient> ConnectAsync(ParseResult parsed, CancellationToken cancellation) =>
        ClusterClient.ConnectAsync(Store(parsed), Cluster(parsed), cancellation);

    /// <summary>The cluster's store.</summary>
    /// <exception cref="UsageException">It has no address that can be, or its folder is not there.</exception>
    public ICheckpointStore Store(ParseResult parsed)
    {
        if (!StoreAddress.TryParse(parsed.GetValue(_store), out var address, out var problem)) throw new UsageException($"--store: {problem}");
        if (address.Folder is { } folder && !Directory.Exists(folder)) throw new UsageException($"--store is '{folder}', and there is no such folder.");
        return address.Open();
    }

    /// <summary>The run of that name.</summary>
    /// <exception cref="UsageException">The cluster has none.</exception>
    public static async Task<string> ExistingAsync(ClusterClient cluster, string run, CancellationToken cancellation)
    {
        // Asking a grain that was never started would make it: the directory is asked first.
        var known = await cluster.Runs.ListAsync(cancellation);
        if (known.Contains(run)) return run;
        throw new UsageException(known.Count == 0 ? $"The cluster has no run yet; found '{run}'." : NearestName.Explain("run", run, [.. known]));
    }
}
