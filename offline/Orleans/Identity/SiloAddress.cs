using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>The address of one life of a silo: a restart has another generation.</summary>
[Immutable]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>, IParsable<SiloAddress>
{
    // Generations are seconds since this moment, so that a later life of a silo has a higher one.
    private static readonly long GenerationOrigin = new DateTime(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
    private static readonly Lock GenerationGate = new();
    private static long _lastGeneration;

    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endpoint.Address.MapToIPv4(), endpoint.Port) : endpoint;
        Generation = generation;
    }

    /// <summary>An address that belongs to nobody.</summary>
    public static SiloAddress Zero { get; } = New(new IPAddress(0), 0, 0);

    /// <summary>Where the silo listens for other silos.</summary>
    [Id(0)]
    public IPEndPoint Endpoint { get; }

    /// <summary>Which life of the silo.</summary>
    [Id(1)]
    public int Generation { get; }

    /// <summary>Whether it is a client's and not a silo's.</summary>
    public bool IsClient => Generation < 0;

    /// <summary>An address from its parts.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    /// <summary>An address from its parts.</summary>
    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>A generation above all that this process has had, and all of earlier processes on a sound clock.</summary>
    public static int AllocateNewGeneration()
    {
        lock (GenerationGate)
        {
            var elapsed = (DateTime.UtcNow.Ticks - GenerationOrigin) / TimeSpan.TicksPerSecond;
            _lastGeneration = Math.Max(elapsed, _lastGeneration + 1);
            return (int)_lastGeneration;
        }
    }

    /// <summary>The address as "ip:port@generation", which <see cref="FromParsableString"/> reads.</summary>
    public string ToParsableString() => $"{Endpoint.Address}:{Endpoint.Port}@{Generation}";

    /// <summary>Reads what <see cref="ToParsableString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is no address.</exception>
    public static SiloAddress FromParsableString(string addr) => Parse(addr);

    /// <inheritdoc cref="FromParsableString"/>
    public static SiloAddress Parse(string value) => TryParse(value, out var result)
        ? result
        : throw new FormatException($"Expected a silo address \"ip:port@generation\", found \"{value}\".");

    /// <summary>Reads what <see cref="ToParsableString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? value, [NotNullWhen(true)] out SiloAddress? result)
    {
        result = null;
        var at = value?.LastIndexOf('@') ?? -1;
        var colon = at > 0 ? value!.LastIndexOf(':', at - 1) : -1;
        if (colon <= 0
            || !IPAddress.TryParse(value.AsSpan(0, colon), out var ip)
            || !ushort.TryParse(value.AsSpan((colon + 1)..at), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || !int.TryParse(value.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation))
        {
            return false;
        }

        result = New(ip, port, generation);
        return true;
    }

    static SiloAddress IParsable<SiloAddress>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<SiloAddress>.TryParse(string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out SiloAddress result) =>
        TryParse(s, out result);

    /// <summary>A hash that is the same in every process.</summary>
    public int GetConsistentHashCode() => IdSpan.Create(ToParsableString()).GetHashCode();

    /// <summary>Whether <paramref name="other"/> is a later life at the same endpoint.</summary>
    public bool IsPredecessorOf(SiloAddress other) => Generation < other.Generation && Endpoint.Equals(other.Endpoint);

    /// <summary>Whether <paramref name="other"/> is an earlier life at the same endpoint.</summary>
    public bool IsSuccessorOf(SiloAddress other) => other.IsPredecessorOf(this);

    /// <inheritdoc/>
    public bool Equals(SiloAddress? other) =>
        other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other)
    {
        if (other is null) return 1;
        var order = Generation.CompareTo(other.Generation);
        if (order == 0) order = Endpoint.Port.CompareTo(other.Endpoint.Port);
        return order != 0 ? order : Endpoint.Address.GetAddressBytes().AsSpan().SequenceCompareTo(other.Endpoint.Address.GetAddressBytes());
    }

    /// <summary>The address for people.</summary>
    public override string ToString() => $"{(IsClient ? 'C' : 'S')}{Endpoint}:{Generation}";
}
