using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>
/// Orleans' Azure providers: membership in a table, small state as blobs. By the credential that Azure's default chain finds (a
/// managed identity by <c>AZURE_CLIENT_ID</c>, the environment, a developer's login); by the public key for an emulator on this machine.
/// </summary>
internal static class AzureProviders
{
    // As StoreGrainStorage writes it.
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true, WriteIndented = true };
    private static readonly Lazy<TokenCredential> Credential = new(() => new DefaultAzureCredential());

    /// <summary>Why they cannot be used here: they can.</summary>
    public static string? Lack => null;

    /// <summary>Membership in the table service, and the grain states of a provider in the account of the store where that is one.</summary>
    public static void UseAzureTables(this ISiloBuilder silo, Uri tables, StoreAddress records, string provider)
    {
        silo.UseAzureStorageClustering(options => options.TableServiceClient = Tables(tables));
        if (records.Account is not { } account) return;
        silo.AddAzureBlobGrainStorage(provider, options =>
        {
            options.BlobServiceClient = account.IsLoopback
                ? new BlobServiceClient(account, new StorageSharedKeyCredential(StoreAddress.EmulatorAccount, StoreAddress.EmulatorKey))
                : new BlobServiceClient(account, Credential.Value);
            options.GrainStorageSerializer = new JsonStorageSerializer();
        });
    }

    /// <summary>Finds the gateways in the table service.</summary>
    public static void UseAzureTables(this IClientBuilder client, Uri tables) =>
        client.UseAzureStorageClustering(options => options.TableServiceClient = Tables(tables));

    private static TableServiceClient Tables(Uri service) =>
        service.IsLoopback
            ? new(service, new TableSharedKeyCredential(StoreAddress.EmulatorAccount, StoreAddress.EmulatorKey))
            : new(service, Credential.Value);

    private sealed class JsonStorageSerializer : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, Json));

        public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, Json)!;
    }
}
