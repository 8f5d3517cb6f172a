using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>
/// Where a cluster keeps its membership, as its store says: so that whoever knows the store finds the cluster, and no two silos of one
/// cluster look for each other in two places.
/// </summary>
internal static class ClusterPlace
{
    private static string KeyOf(string clusterId) => $"clusters/{ObjectKey.Segment(clusterId)}/place.json";

    /// <summary>The table service; null where membership lies in the store itself.</summary>
    /// <exception cref="CheckpointException">The object is damaged.</exception>
    public static async Task<Uri?> ReadAsync(ICheckpointStore store, string clusterId, CancellationToken cancellationToken = default)
    {
        if (await store.ReadAsync(KeyOf(clusterId), cancellationToken) is not { } stored) return null;
        try
        {
            return JsonSerializer.Deserialize(stored.Content.Span, PlaceJson.Default.Place)?.Tables;
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"'{KeyOf(clusterId)}' in {store.Location} does not say where the cluster keeps its membership: {fault.Message}", fault);
        }
    }

    /// <summary>Enters the place where a silo looks; the first one decides. Returns what is entered: another one where a silo was first.</summary>
    /// <param name="store">The cluster's store.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="tables">The table service; null = the store itself.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<Uri?> EnterAsync(ICheckpointStore store, string clusterId, Uri? tables, CancellationToken cancellationToken = default)
    {
        if (tables is null) return await ReadAsync(store, clusterId, cancellationToken);
        try
        {
            await store.WriteAsync(
                KeyOf(clusterId), JsonSerializer.SerializeToUtf8Bytes(new Place(tables), PlaceJson.Default.Place), WriteCondition.IfAbsent, cancellationToken);
            return tables;
        }
        catch (ConditionFailedException)
        {
            return await ReadAsync(store, clusterId, cancellationToken);
        }
    }
}

/// <summary>A cluster's place.</summary>
internal sealed record Place([property: JsonRequired] Uri Tables);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Place))]
internal sealed partial class PlaceJson : JsonSerializerContext;
