using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Where a silo listens and how others find it. Bound from the section <c>Endpoints</c>.</summary>
public sealed class EndpointSettings
{
    /// <summary>The address, or the host name, that the other silos and the clients use.</summary>
    public string Advertise { get; set; } = "127.0.0.1";

    /// <summary>Port for the other silos; 0 = a free one.</summary>
    public int SiloPort { get; set; }

    /// <summary>Port for clients; 0 = a free one.</summary>
    public int GatewayPort { get; set; }

    /// <summary>Listen on every address of the machine, not on the advertised one alone (containers, NAT).</summary>
    public bool ListenOnAny { get; set; }

    /// <summary>The port to listen on for silos where another one leads to it; 0 = <see cref="SiloPort"/> itself.</summary>
    public int ListenSiloPort { get; set; }

    /// <summary>The port to listen on for clients where another one leads to it; 0 = <see cref="GatewayPort"/> itself.</summary>
    public int ListenGatewayPort { get; set; }

    /// <summary>
    /// How long a silo that joins asks the others to reach it before it gives up. More than a few seconds where a platform opens the
    /// way to the advertised address only after it has found the port open.
    /// </summary>
    public TimeSpan ReachableWithin { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The advertised address: the first of the host's that is not loopback, where a name has several.</summary>
    /// <exception cref="SocketException">The name is unknown.</exception>
    internal IPAddress Resolve() =>
        IPAddress.TryParse(Advertise, out var address)
            ? address
            : Dns.GetHostAddresses(Advertise, AddressFamily.InterNetwork).OrderBy(IPAddress.IsLoopback).FirstOrDefault()
              ?? throw new SocketException((int)SocketError.HostNotFound);
}

/// <summary>Refuses endpoints that cannot work.</summary>
internal sealed class EndpointSettingsValidator : IValidateOptions<EndpointSettings>
{
    public ValidateOptionsResult Validate(string? name, EndpointSettings options)
    {
        var problems = new List<string>();
        if (Address(options) is { } problem) problems.Add(problem);
        foreach (var (key, port) in new[] { ("SiloPort", options.SiloPort), ("GatewayPort", options.GatewayPort), ("ListenSiloPort", options.ListenSiloPort), ("ListenGatewayPort", options.ListenGatewayPort) })
        {
            if (port is < 0 or > 65535) problems.Add($"Endpoints:{key} is {port}; expected 1 to 65535, or 0 for a free port.");
        }

        if ((options.ListenSiloPort != 0 && options.SiloPort == 0) || (options.ListenGatewayPort != 0 && options.GatewayPort == 0))
            problems.Add("Endpoints:ListenSiloPort or ListenGatewayPort is set, but not the port that leads to it; set Endpoints:SiloPort and Endpoints:GatewayPort too.");

        if (options.SiloPort != 0 && options.SiloPort == options.GatewayPort)
            problems.Add($"Endpoints:SiloPort and Endpoints:GatewayPort are both {options.SiloPort}; each needs a port of its own.");
        if (options.ReachableWithin <= TimeSpan.Zero || options.ReachableWithin > TimeSpan.FromMinutes(10))
            problems.Add($"Endpoints:ReachableWithin is {options.ReachableWithin}; expected above 0 and at most 10 min.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static string? Address(EndpointSettings options)
    {
        if (string.IsNullOrWhiteSpace(options.Advertise))
            return "Endpoints:Advertise is empty; expected the address or host name under which the other silos reach this one.";
        try
        {
            var address = options.Resolve();
            return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                ? $"Endpoints:Advertise is {address}, which nobody can connect to; expected an address of this machine. To listen on all of them set Endpoints:ListenOnAny."
                : null;
        }
        catch (SocketException exception)
        {
            return $"Endpoints:Advertise is '{options.Advertise}', which is no address and no known host name ({exception.SocketErrorCode}).";
        }
    }
}
