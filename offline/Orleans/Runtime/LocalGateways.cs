using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Orleans.Runtime;

/// <summary>
/// The gateways of the silos in this process, by the endpoint that clients use: a client in the same process needs no socket.
/// </summary>
internal static class LocalGateways
{
    private static readonly ConcurrentDictionary<IPEndPoint, Silo> Silos = new();

    /// <exception cref="AddressInUseException">Another silo of this process has the endpoint.</exception>
    public static void Add(IPEndPoint endpoint, Silo silo)
    {
        if (!Silos.TryAdd(endpoint, silo)) throw new AddressInUseException($"Another silo of this process has the gateway endpoint {endpoint}.");
    }

    public static void Remove(Silo silo)
    {
        foreach (var entry in Silos)
            if (ReferenceEquals(entry.Value, silo)) Silos.TryRemove(entry);
    }

    public static Silo? Find(IPEndPoint endpoint) => Silos.GetValueOrDefault(endpoint);
}
