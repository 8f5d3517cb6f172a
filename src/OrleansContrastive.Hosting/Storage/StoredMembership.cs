using System.Text.Json;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Reads and changes the stored membership table of one cluster. Thread-safe, also between processes.</summary>
internal sealed class StoredMembership(ICheckpointStore store, string clusterId)
{
    // Every failed attempt is somebody else's success; so many in a row mean that the store misbehaves.
    private const int MostAttempts = 1000;
    private const int MostMilliseconds = 200;

    public static string KeyOf(string clusterId) => $"clusters/{ObjectKey.Segment(clusterId)}/membership.json";

    public async Task<MembershipDocument> ReadAsync() => (await LoadAsync()).Table;

    /// <summary>
    /// Writes what <paramref name="change"/> makes of the table, again from the start where somebody else wrote meanwhile; false
    /// where it makes null of it.
    /// </summary>
    public async Task<bool> ChangeAsync(Func<MembershipDocument, MembershipDocument?> change)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var (table, etag) = await LoadAsync();
            if (change(table) is not { } changed) return false;
            var json = JsonSerializer.SerializeToUtf8Bytes(changed, MembershipJson.Default.MembershipDocument);
            try
            {
                await store.WriteAsync(KeyOf(clusterId), json, etag is null ? WriteCondition.IfAbsent : WriteCondition.IfMatch(etag));
                return true;
            }
            catch (ConditionFailedException)
            {
                // Read again: the change may no longer be allowed. Whoever lost often stands back a little.
                if (attempt > 0) await Task.Delay(Random.Shared.Next(Math.Min(1 << Math.Min(attempt, 8), MostMilliseconds)));
            }
        }

        throw new CheckpointException(
            $"The membership table '{KeyOf(clusterId)}' in {store.Location} could not be written: {MostAttempts} attempts met other writers.");
    }

    /// <summary>Removes the table of a cluster.</summary>
    public Task DeleteAsync(string cluster) => store.DeleteAsync(KeyOf(cluster));

    private async Task<(MembershipDocument Table, string? ETag)> LoadAsync()
    {
        if (await store.ReadAsync(KeyOf(clusterId)) is not { } stored) return (MembershipDocument.Empty, null);
        try
        {
            var table = JsonSerializer.Deserialize(stored.Content.Span, MembershipJson.Default.MembershipDocument);
            return (table ?? throw new JsonException("it is null"), stored.ETag);
        }
        catch (JsonException fault)
        {
            throw new CheckpointException($"'{KeyOf(clusterId)}' in {store.Location} is not a membership table: {fault.Message}", fault);
        }
    }
}
