using Orleans.Hosting;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Orleans' Azure providers are not in this build.</summary>
internal static class AzureProviders
{
    /// <summary>Why they cannot be used here.</summary>
    public static string? Lack =>
        "this build has no Azure providers of Orleans: it was made with the stack offline. Leave it empty to keep membership in the store, or build with -p:Stack=nuget.";

    /// <exception cref="NotSupportedException">Always.</exception>
    public static void UseAzureTables(this ISiloBuilder silo, Uri tables, StoreAddress records, string provider) => throw new NotSupportedException(Lack);

    /// <exception cref="NotSupportedException">Always.</exception>
    public static void UseAzureTables(this IClientBuilder client, Uri tables) => throw new NotSupportedException(Lack);
}
