using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>
/// The membership table in the project's own store, so that any silo may die, the first included. A table that was never
/// written counts as an empty one.
/// </summary>
internal sealed class StoreMembershipTable(ICheckpointStore store, IOptions<ClusterOptions> cluster) : IMembershipTable
{
    private readonly StoredMembership _membership = new(store, cluster.Value.ClusterId);

    public Task InitializeMembershipTable(bool tryInitTableVersion) =>
        tryInitTableVersion
            ? _membership.ChangeAsync(table => table.Tag == MembershipDocument.Empty.Tag ? table with { Tag = MembershipDocument.NewTag() } : null)
            : Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => _membership.DeleteAsync(clusterId);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        _membership.ChangeAsync(table =>
        {
            var kept = table.Rows.Where(row => !IsDefunct(row, beforeDate.UtcDateTime)).ToArray();
            return kept.Length < table.Rows.Count ? table with { Rows = kept } : null;
        });

    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        var table = await _membership.ReadAsync();
        return table.Find(key) is { } row
            ? new MembershipTableData(Tuple.Create(row.ToEntry(), row.Tag), table.TableVersion)
            : new MembershipTableData(table.TableVersion);
    }

    public async Task<MembershipTableData> ReadAll()
    {
        var table = await _membership.ReadAsync();
        return new MembershipTableData([.. table.Rows.Select(row => Tuple.Create(row.ToEntry(), row.Tag))], table.TableVersion);
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        _membership.ChangeAsync(table =>
            table.Tag == tableVersion.VersionEtag && table.Find(entry.SiloAddress) is null
                ? table.With(MembershipRow.From(entry), tableVersion.Version)
                : null);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        _membership.ChangeAsync(table =>
            table.Tag == tableVersion.VersionEtag && table.Find(entry.SiloAddress)?.Tag == etag
                ? table.With(MembershipRow.From(entry), tableVersion.Version)
                : null);

    /// <summary>Leaves all tags as they are, so that a heartbeat never makes another's write fail.</summary>
    public Task UpdateIAmAlive(MembershipEntry entry) =>
        _membership.ChangeAsync(table => table.Find(entry.SiloAddress) is { } row
            ? table with { Rows = [.. table.Rows.Select(other => other == row ? row with { IAmAliveTime = entry.IAmAliveTime } : other)] }
            : null);

    private static bool IsDefunct(MembershipRow row, DateTime before) =>
        row.Status == SiloStatus.Dead && row.IAmAliveTime < before && row.StartTime < before;
}
