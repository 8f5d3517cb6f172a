using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>Gateways as addresses and as URIs of the form "gwy.tcp://ip:port/generation".</summary>
public static class Utils
{
    /// <summary>The gateway as a URI.</summary>
    public static Uri ToGatewayUri(this SiloAddress address) => ToUri(address.Endpoint, address.Generation);

    /// <summary>The gateway as a URI, of whatever generation.</summary>
    public static Uri ToGatewayUri(this IPEndPoint ep) => ToUri(ep, 0);

    /// <summary>The endpoint of a gateway's URI, or null where it is no such URI.</summary>
    public static IPEndPoint? ToIPEndPoint(this Uri uri) =>
        uri.Scheme == "gwy.tcp" && IPAddress.TryParse(uri.Host, out var ip) ? new IPEndPoint(ip, uri.Port) : null;

    /// <summary>The address of a gateway's URI, or null where it is no such URI.</summary>
    public static SiloAddress? ToGatewayAddress(this Uri uri) =>
        uri.ToIPEndPoint() is { } endpoint
        && int.TryParse(uri.AbsolutePath.AsSpan().TrimStart('/'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation)
            ? SiloAddress.New(endpoint, generation)
            : null;

    private static Uri ToUri(IPEndPoint endpoint, int generation) => new($"gwy.tcp://{endpoint}/{generation}");
}
