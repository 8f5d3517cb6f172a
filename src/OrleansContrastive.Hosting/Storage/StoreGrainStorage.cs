using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>
/// Grain state in the project's own store: one JSON file per grain and state (System.Text.Json: public properties and fields
/// by their C# names, indented, unknown members ignored), written on condition of the tag that was read. For small state; large
/// data goes into checkpoints.
/// </summary>
internal sealed class StoreGrainStorage(ICheckpointStore store, IOptions<ClusterOptions> cluster) : IGrainStorage
{
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true, WriteIndented = true };

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var key = KeyOf(stateName, grainId);
        var stored = await store.ReadAsync(key, cancellationToken);
        grainState.State = stored is null ? Initial<T>() : Parse<T>(key, stored.Content.Span);
        grainState.ETag = stored?.ETag!;
        grainState.RecordExists = stored is not null;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(grainState.State, Json);
        try
        {
            grainState.ETag = await store.WriteAsync(KeyOf(stateName, grainId), json, AsItWasRead(grainState), cancellationToken);
        }
        catch (ConditionFailedException refused)
        {
            throw Changed(stateName, grainId, grainState.ETag, refused);
        }

        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(KeyOf(stateName, grainId), AsItWasRead(grainState), cancellationToken);
        }
        catch (ConditionFailedException refused)
        {
            throw Changed(stateName, grainId, grainState.ETag, refused);
        }

        grainState.State = Initial<T>();
        grainState.ETag = null!;
        grainState.RecordExists = false;
    }

    private static WriteCondition AsItWasRead<T>(IGrainState<T> grainState) =>
        string.IsNullOrEmpty(grainState.ETag) ? WriteCondition.IfAbsent : WriteCondition.IfMatch(grainState.ETag);

    private static InconsistentStateException Changed(string stateName, GrainId grainId, string? held, ConditionFailedException refused) =>
        new(
            $"State '{stateName}' of grain {grainId} was changed by somebody else since it was read: {refused.Message}",
            refused.FoundETag ?? "none",
            held ?? "none",
            refused);

    private static T Initial<T>() =>
        typeof(T).IsValueType || typeof(T).GetConstructor(Type.EmptyTypes) is not null
            ? Activator.CreateInstance<T>()
            : throw new InvalidOperationException($"Grain state {typeof(T)} needs a public constructor without parameters.");

    private T Parse<T>(string key, ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Json)!;
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"'{key}' in {store.Location} does not hold a {typeof(T)}: {fault.Message}", fault);
        }
    }

    private string KeyOf(string stateName, GrainId grainId) =>
        string.Join(
            '/',
            "grains",
            ObjectKey.Segment(cluster.Value.ServiceId),
            ObjectKey.Segment(stateName),
            ObjectKey.Segment(grainId.Type.ToString()!),
            ObjectKey.Segment($"{grainId.Key}.json"));
}
