using Orleans.Runtime;

namespace Orleans
{
    /// <summary>The version of a membership table: a counter, and the tag that the next write must bring.</summary>
    [GenerateSerializer, Immutable]
    public sealed class TableVersion : IEquatable<TableVersion>
    {
        /// <summary>A version from its parts.</summary>
        public TableVersion(int version, string eTag)
        {
            Version = version;
            VersionEtag = eTag;
        }

        /// <summary>The counter.</summary>
        [Id(0)]
        public int Version { get; }

        /// <summary>The tag.</summary>
        [Id(1)]
        public string VersionEtag { get; }

        /// <summary>What a write on top of this version brings: the counter plus one, and this version's tag.</summary>
        public TableVersion Next() => new(Version + 1, VersionEtag);

        /// <inheritdoc/>
        public bool Equals(TableVersion? other) => other is not null && Version == other.Version && VersionEtag == other.VersionEtag;

        /// <inheritdoc/>
        public override bool Equals(object? obj) => Equals(obj as TableVersion);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Version, VersionEtag);

        /// <inheritdoc/>
        public override string ToString() => $"<{Version}, {VersionEtag}>";

        /// <summary>The same version.</summary>
        public static bool operator ==(TableVersion? left, TableVersion? right) => Equals(left, right);

        /// <summary>Another version.</summary>
        public static bool operator !=(TableVersion? left, TableVersion? right) => !Equals(left, right);
    }

    /// <summary>Rows of a membership table with their tags, and its version.</summary>
    [GenerateSerializer]
    public sealed class MembershipTableData
    {
        /// <summary>These rows, the dead ones last.</summary>
        public MembershipTableData(List<Tuple<MembershipEntry, string>> list, TableVersion version)
        {
            Members = [.. list.OrderBy(row => row.Item1.Status == SiloStatus.Dead)];
            Version = version;
        }

        /// <summary>One row.</summary>
        public MembershipTableData(Tuple<MembershipEntry, string> tuple, TableVersion version) : this([tuple], version) { }

        /// <summary>No row.</summary>
        public MembershipTableData(TableVersion version) : this([], version) { }

        /// <summary>The rows with their tags.</summary>
        [Id(0)]
        public IReadOnlyList<Tuple<MembershipEntry, string>> Members { get; private set; }

        /// <summary>The version of the table.</summary>
        [Id(1)]
        public TableVersion Version { get; private set; }

        /// <summary>The row of a silo, or null.</summary>
        public Tuple<MembershipEntry, string>? TryGet(SiloAddress silo) =>
            Members.FirstOrDefault(row => row.Item1.SiloAddress.Equals(silo));

        /// <inheritdoc/>
        public override string ToString() => $"[Version {Version}, {Members.Count} silos: {string.Join(", ", Members.Select(row => row.Item1))}]";
    }

    /// <summary>The row of one silo in a membership table.</summary>
    [GenerateSerializer]
    public sealed class MembershipEntry
    {
        /// <summary>The silo.</summary>
        [Id(0)]
        public SiloAddress SiloAddress { get; set; } = null!;

        /// <summary>Its state.</summary>
        [Id(1)]
        public SiloStatus Status { get; set; }

        /// <summary>Who suspected it, and when (UTC).</summary>
        [Id(2)]
        public List<Tuple<SiloAddress, DateTime>>? SuspectTimes { get; set; }

        /// <summary>The port for clients; 0 for none.</summary>
        [Id(3)]
        public int ProxyPort { get; set; }

        /// <summary>The machine's name.</summary>
        [Id(4)]
        public string HostName { get; set; } = null!;

        /// <summary>The silo's name.</summary>
        [Id(5)]
        public string SiloName { get; set; } = null!;

        /// <summary>Free for providers.</summary>
        [Id(6)]
        public string? RoleName { get; set; }

        /// <summary>Free for providers.</summary>
        [Id(7)]
        public int UpdateZone { get; set; }

        /// <summary>Free for providers.</summary>
        [Id(8)]
        public int FaultZone { get; set; }

        /// <summary>When it started (UTC).</summary>
        [Id(9)]
        public DateTime StartTime { get; set; }

        /// <summary>When it last said that it lives (UTC).</summary>
        [Id(10)]
        public DateTime IAmAliveTime { get; set; }

        /// <summary>Adds a suspicion.</summary>
        public void AddSuspector(SiloAddress suspectingSilo, DateTime suspectingTime) =>
            (SuspectTimes ??= []).Add(Tuple.Create(suspectingSilo, suspectingTime));

        /// <inheritdoc/>
        public override string ToString() => $"{SiloName} {SiloAddress} {Status}";

        internal MembershipEntry Copy()
        {
            var copy = (MembershipEntry)MemberwiseClone();
            copy.SuspectTimes = SuspectTimes is null ? null : [.. SuspectTimes];
            return copy;
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>The state of a silo.</summary>
    [GenerateSerializer]
    public enum SiloStatus
    {
        /// <summary>Unknown.</summary>
        None = 0,

        /// <summary>Created, not in the table.</summary>
        Created = 1,

        /// <summary>In the table, not yet serving.</summary>
        Joining = 2,

        /// <summary>Serving.</summary>
        Active = 3,

        /// <summary>Stopping in order.</summary>
        ShuttingDown = 4,

        /// <summary>Stopping at once.</summary>
        Stopping = 5,

        /// <summary>Gone for ever.</summary>
        Dead = 6,
    }

    /// <summary>Who and where this silo is.</summary>
    public interface ILocalSiloDetails
    {
        /// <summary>The silo's name.</summary>
        string Name { get; }

        /// <summary>The cluster it belongs to.</summary>
        string ClusterId { get; }

        /// <summary>The machine's name.</summary>
        string DnsHostName { get; }

        /// <summary>Its address among silos.</summary>
        SiloAddress SiloAddress { get; }

        /// <summary>Its address for clients.</summary>
        SiloAddress GatewayAddress { get; }
    }
}

namespace Orleans.Messaging
{
    /// <summary>Tells a client where it may enter the cluster.</summary>
    public interface IGatewayListProvider
    {
        /// <summary>How old the list may grow before it is asked for again.</summary>
        TimeSpan MaxStaleness { get; }

        /// <summary>No longer used.</summary>
        [Obsolete("This attribute is no longer used and all providers are considered updatable")]
        bool IsUpdatable { get; }

        /// <summary>Called once, before the list is asked for.</summary>
        Task InitializeGatewayListProvider();

        /// <summary>The gateways now, as "gwy.tcp://ip:port/generation".</summary>
        Task<IList<Uri>> GetGateways();
    }
}
