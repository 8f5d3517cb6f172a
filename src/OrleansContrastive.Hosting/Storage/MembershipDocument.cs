using System.Text.Json.Serialization;
using Orleans;
using Orleans.Runtime;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>A cluster's membership table as it is stored: one JSON object, so that rows and version change together.</summary>
internal sealed record MembershipDocument
{
    /// <summary>The table before anybody wrote it.</summary>
    public static MembershipDocument Empty { get; } = new() { Version = 0, Tag = "0", Rows = [] };

    [JsonRequired]
    public required int Version { get; init; }

    /// <summary>The tag of the table's version. Not the stored object's own tag, which every heartbeat changes.</summary>
    [JsonRequired]
    public required string Tag { get; init; }

    [JsonRequired]
    public required IReadOnlyList<MembershipRow> Rows { get; init; }

    public TableVersion TableVersion => new(Version, Tag);

    public MembershipRow? Find(SiloAddress silo)
    {
        var address = silo.ToParsableString();
        return Rows.FirstOrDefault(row => row.Address == address);
    }

    /// <summary>This table with one row set, under a new version.</summary>
    public MembershipDocument With(MembershipRow row, int version) =>
        new() { Version = version, Tag = NewTag(), Rows = [.. Rows.Where(other => other.Address != row.Address), row] };

    /// <summary>A tag that no table ever had, not even one that was deleted.</summary>
    public static string NewTag() => Guid.NewGuid().ToString("N");
}

/// <summary>A silo in the stored table.</summary>
internal sealed record MembershipRow
{
    [JsonRequired]
    public required string Address { get; init; }

    [JsonRequired]
    public required string Tag { get; init; }

    [JsonRequired]
    public required SiloStatus Status { get; init; }

    public required string? SiloName { get; init; }

    public required string? HostName { get; init; }

    public required string? RoleName { get; init; }

    public required int ProxyPort { get; init; }

    public required int UpdateZone { get; init; }

    public required int FaultZone { get; init; }

    public required DateTime StartTime { get; init; }

    public required DateTime IAmAliveTime { get; init; }

    public required IReadOnlyList<Suspicion> Suspicions { get; init; }

    public static MembershipRow From(MembershipEntry entry) => new()
    {
        Address = entry.SiloAddress.ToParsableString(),
        Tag = MembershipDocument.NewTag(),
        Status = entry.Status,
        SiloName = entry.SiloName,
        HostName = entry.HostName,
        RoleName = entry.RoleName,
        ProxyPort = entry.ProxyPort,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(vote => new Suspicion(vote.Item1.ToParsableString(), vote.Item2))],
    };

    public MembershipEntry ToEntry() => new()
    {
        SiloAddress = SiloAddress.FromParsableString(Address),
        Status = Status,
        SiloName = SiloName!,
        HostName = HostName!,
        RoleName = RoleName!,
        ProxyPort = ProxyPort,
        UpdateZone = UpdateZone,
        FaultZone = FaultZone,
        StartTime = StartTime,
        IAmAliveTime = IAmAliveTime,
        SuspectTimes = [.. Suspicions.Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote.By), vote.At))],
    };
}

/// <summary>One silo's vote that another is dead.</summary>
internal sealed record Suspicion(string By, DateTime At);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MembershipDocument))]
internal sealed partial class MembershipJson : JsonSerializerContext;
