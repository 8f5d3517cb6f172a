using Orleans.Runtime;

namespace Orleans;

/// <summary>
/// The list of the silos of a cluster, kept outside of them. Every change but <see cref="UpdateIAmAlive"/> is one atomic,
/// conditional write of one row and of the table's version.
/// </summary>
public interface IMembershipTable
{
    /// <summary>Called once, before all others.</summary>
    Task InitializeMembershipTable(bool tryInitTableVersion);

    /// <summary>Removes every row of a cluster.</summary>
    Task DeleteMembershipTableEntries(string clusterId);

    /// <summary>Removes the rows of dead silos that were last alive before <paramref name="beforeDate"/>.</summary>
    Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate);

    /// <summary>Reads one row and the table's version, at one moment.</summary>
    Task<MembershipTableData> ReadRow(SiloAddress key);

    /// <summary>Reads all rows and the table's version, at one moment.</summary>
    Task<MembershipTableData> ReadAll();

    /// <summary>Adds a row and sets the version; false where the row exists or the version's tag is not the table's.</summary>
    Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion);

    /// <summary>Replaces a row and sets the version; false where there is no row or one of the two tags is not the table's.</summary>
    Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion);

    /// <summary>Writes the row's time of life, without conditions and without a new version.</summary>
    Task UpdateIAmAlive(MembershipEntry entry);
}
