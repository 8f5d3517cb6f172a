using System.Net;

namespace Orleans.Configuration;

/// <summary>Which cluster a silo or client belongs to.</summary>
public class ClusterOptions
{
    /// <summary>The cluster where none is named.</summary>
    public const string DefaultClusterId = "default";

    /// <summary>The service where none is named.</summary>
    public const string DefaultServiceId = "default";

    internal const string DevelopmentClusterId = "dev";
    internal const string DevelopmentServiceId = "dev";

    /// <summary>The cluster: silos of different ones never talk to each other.</summary>
    public string ClusterId { get; set; } = DefaultClusterId;

    /// <summary>The service: stays the same over the life of all its clusters.</summary>
    public string ServiceId { get; set; } = DefaultServiceId;
}

/// <summary>What a silo is called.</summary>
public class SiloOptions
{
    /// <summary>The name, for people; "Silo_" and five random letters where none is given.</summary>
    public string SiloName { get; set; } = null!;
}

/// <summary>Where a silo listens, and where others find it.</summary>
public class EndpointOptions
{
    /// <summary>The usual port among silos.</summary>
    public const int DEFAULT_SILO_PORT = 11111;

    /// <summary>The usual port for clients.</summary>
    public const int DEFAULT_GATEWAY_PORT = 30000;

    /// <summary>The address that others use.</summary>
    public IPAddress AdvertisedIPAddress { get; set; } = null!;

    /// <summary>The port among silos.</summary>
    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;

    /// <summary>The port for clients; 0 for none.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    /// <summary>Where to listen for silos, if not at the advertised address.</summary>
    public IPEndPoint? SiloListeningEndpoint { get; set; }

    /// <summary>Where to listen for clients, if not at the advertised address.</summary>
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}

/// <summary>Gateways that are known beforehand.</summary>
public class StaticGatewayListProviderOptions
{
    /// <summary>The gateways, as "gwy.tcp://ip:port/generation".</summary>
    public List<Uri> Gateways { get; set; } = [];
}

/// <summary>
/// How silos watch over each other. The defaults here are for one machine or a local network: a process that is gone is declared dead
/// within about a second, one that hangs after about five.
/// </summary>
public class ClusterMembershipOptions
{
    /// <summary>How often a silo writes that it lives.</summary>
    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After how many missed writes a silo's row counts as stale, and the silo's own vote is not waited for.</summary>
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    /// <summary>How often a silo reads the table, apart from word of changes.</summary>
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long joining the cluster may take.</summary>
    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the answer to a probe may take. A connection that is refused or breaks counts as missed at once.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>After how many missed probes in a row a silo is suspected.</summary>
    public int NumMissedProbesLimit { get; set; } = 3;

    /// <summary>How many others each silo probes.</summary>
    public int NumProbedSilos { get; set; } = 10;

    /// <summary>How many suspicions make a silo dead; fewer where fewer silos are left to vote.</summary>
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>How long a suspicion counts.</summary>
    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether silos are declared dead at all.</summary>
    public bool LivenessEnabled { get; set; } = true;

    /// <summary>How long the row of a dead silo is kept.</summary>
    public TimeSpan DefunctSiloExpiration { get; set; } = TimeSpan.FromDays(7);
}
