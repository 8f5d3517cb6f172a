using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>Records as JSON in a dictionary: what is stored shares no object with any grain.</summary>
internal sealed class MemoryGrainStorage : IGrainStorage
{
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

    private readonly ConcurrentDictionary<(string State, GrainId Grain), Record> _records = new();
    private long _lastTag;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var found = _records.TryGetValue((stateName, grainId), out var record);
        grainState.State = found ? JsonSerializer.Deserialize<T>(record!.Data, Json) : PersistentState.CreateInitial<T>();
        grainState.ETag = record?.Tag;
        grainState.RecordExists = found;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        var tag = Interlocked.Increment(ref _lastTag).ToString(CultureInfo.InvariantCulture);
        var next = new Record(JsonSerializer.SerializeToUtf8Bytes(grainState.State, Json), tag);
        var current = Check(key, grainState.ETag, "write");
        if (!(current is null ? _records.TryAdd(key, next) : _records.TryUpdate(key, next, current)))
            throw Mismatch(key, _records.GetValueOrDefault(key)?.Tag, grainState.ETag, "write");
        grainState.ETag = tag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        if (Check(key, grainState.ETag, "clear") is { } current && !_records.TryRemove(KeyValuePair.Create(key, current)))
            throw Mismatch(key, _records.GetValueOrDefault(key)?.Tag, grainState.ETag, "clear");
        grainState.State = PersistentState.CreateInitial<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private Record? Check((string State, GrainId Grain) key, string? tag, string operation)
    {
        var current = _records.GetValueOrDefault(key);
        // Without a record there is nothing that somebody else could have changed.
        return current is null || current.Tag == tag || tag == "*" ? current : throw Mismatch(key, current?.Tag, tag, operation);
    }

    private static InconsistentStateException Mismatch((string State, GrainId Grain) key, string? stored, string? given, string operation) =>
        new($"Cannot {operation} state \"{key.State}\" of grain {key.Grain}: expected tag {stored ?? "none"}, found {given ?? "none"}.", stored, given);

    private sealed record Record(byte[] Data, string Tag);
}
