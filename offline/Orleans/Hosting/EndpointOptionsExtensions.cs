using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Where a silo listens, and where others find it.</summary>
public static class EndpointOptionsExtensions
{
    /// <summary>Sets the ports and the advertised address.</summary>
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, IPAddress advertisedIP, int siloPort, int gatewayPort, bool listenOnAnyHostAddress = false)
        => builder.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = advertisedIP;
            options.SiloPort = siloPort;
            options.GatewayPort = gatewayPort;
            if (!listenOnAnyHostAddress) return;
            var any = advertisedIP.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
            options.SiloListeningEndpoint = new IPEndPoint(any, siloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(any, gatewayPort);
        });

    /// <summary>Sets the ports, and the advertised address by a host's name.</summary>
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, string? hostname, int siloPort, int gatewayPort,
        AddressFamily addressFamily = AddressFamily.InterNetwork, bool listenOnAnyHostAddress = false)
    {
        var name = string.IsNullOrEmpty(hostname) ? Dns.GetHostName() : hostname;
        var address = Dns.GetHostAddresses(name, addressFamily).OrderBy(IPAddress.IsLoopback).FirstOrDefault()
            ?? throw new ArgumentException($"Host \"{name}\" has no {addressFamily} address to advertise.", nameof(hostname));
        return builder.ConfigureEndpoints(address, siloPort, gatewayPort, listenOnAnyHostAddress);
    }

    /// <summary>Sets the ports; the advertised address is this machine's.</summary>
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, int siloPort, int gatewayPort,
        AddressFamily addressFamily = AddressFamily.InterNetwork, bool listenOnAnyHostAddress = false)
        => builder.ConfigureEndpoints(null, siloPort, gatewayPort, addressFamily, listenOnAnyHostAddress);

}
