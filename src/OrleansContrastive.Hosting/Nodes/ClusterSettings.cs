using Microsoft.Extensions.Options;
using OrleansContrastive.Hosting.Storage;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Which cluster a silo joins, and where that keeps its membership. Bound from the section <c>Cluster</c>.</summary>
public sealed class ClusterSettings
{
    private string _clusterId = ContrastiveNode.DefaultCluster;

    /// <summary>The cluster's id; empty = <see cref="ContrastiveNode.DefaultCluster"/>.</summary>
    public string ClusterId
    {
        get => _clusterId;
        set => _clusterId = string.IsNullOrEmpty(value) ? ContrastiveNode.DefaultCluster : value;
    }

    /// <summary>
    /// Empty: membership and run records lie in the cluster's store. The URL of an account's table service, such as
    /// <c>https://ACCOUNT.table.core.windows.net</c>: Orleans' own Azure providers keep membership in a table there, and run records as
    /// blobs beside the store's container where the store is one; only where the official packages are compiled in.
    /// </summary>
    public string Tables { get; set; } = "";

    /// <summary><see cref="Tables"/> as an address; null where it is empty.</summary>
    internal Uri? TableService => Tables.Length == 0 ? null : new(Tables);
}

/// <summary>Refuses a table service that cannot be.</summary>
internal sealed class ClusterSettingsValidator : IValidateOptions<ClusterSettings>
{
    public ValidateOptionsResult Validate(string? name, ClusterSettings options)
    {
        if (options.Tables.Length == 0) return ValidateOptionsResult.Success;
        if (!Uri.TryCreate(options.Tables, UriKind.Absolute, out var service) || !(service.Scheme == "https" || (service.Scheme == "http" && service.IsLoopback)) || service.Query.Length > 1)
            return ValidateOptionsResult.Fail($"Cluster:Tables is '{(service is null ? options.Tables : service.GetLeftPart(UriPartial.Path))}'; expected the table service of a storage account, such as https://ACCOUNT.table.core.windows.net.");
        return AzureProviders.Lack is { } lack ? ValidateOptionsResult.Fail($"Cluster:Tables is set, but {lack}") : ValidateOptionsResult.Success;
    }
}
