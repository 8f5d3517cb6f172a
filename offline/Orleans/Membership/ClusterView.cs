using Orleans.Runtime;

namespace Orleans.Membership;

/// <summary>What the membership table said at one version. Immutable.</summary>
internal sealed class ClusterView
{
    private readonly Dictionary<SiloAddress, MembershipEntry> _members;

    public ClusterView(MembershipTableData table)
    {
        Version = table.Version.Version;
        _members = table.Members.ToDictionary(row => row.Item1.SiloAddress, row => row.Item1.Copy());
        Active = [.. _members.Values.Where(entry => entry.Status == SiloStatus.Active).Select(entry => entry.SiloAddress).Order()];
        Ring = new Ring(Active);
    }

    private ClusterView()
    {
        Version = -1;
        _members = [];
        Active = [];
        Ring = new Ring([]);
    }

    /// <summary>Before the table was read.</summary>
    public static ClusterView Empty { get; } = new();

    public int Version { get; }

    /// <summary>The silos that serve, in order.</summary>
    public IReadOnlyList<SiloAddress> Active { get; }

    /// <summary>The parts of the grain directory, over the active silos.</summary>
    public Ring Ring { get; }

    public IReadOnlyCollection<MembershipEntry> Members => _members.Values;

    /// <summary>The silos that may have activations: the active ones and those that stop in order.</summary>
    public IEnumerable<SiloAddress> Hosting => _members.Values
        .Where(entry => entry.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping).Select(entry => entry.SiloAddress);

    public MembershipEntry? Find(SiloAddress silo) => _members.GetValueOrDefault(silo);

    public SiloStatus StatusOf(SiloAddress silo) => Find(silo)?.Status ?? SiloStatus.None;

    public bool IsActive(SiloAddress silo) => StatusOf(silo) == SiloStatus.Active;

    /// <summary>Dead by the table, or an earlier life at an endpoint where a later one is known.</summary>
    public bool IsDead(SiloAddress silo) =>
        StatusOf(silo) is var status && (status == SiloStatus.Dead
            || (status == SiloStatus.None && _members.Keys.Any(silo.IsPredecessorOf)));

    /// <summary>
    /// Whether some silo may have been active between this view and a later one without being so in either. Then what it owned
    /// meanwhile is not known to those who saw only the two.
    /// </summary>
    public bool MayHaveMissedOwners(ClusterView later) => later.Members.Any(entry =>
        entry.Status is SiloStatus.ShuttingDown or SiloStatus.Stopping or SiloStatus.Dead
        && StatusOf(entry.SiloAddress) is SiloStatus.None or SiloStatus.Created or SiloStatus.Joining);

    public override string ToString() => $"version {Version}: {string.Join(", ", _members.Values)}";
}
