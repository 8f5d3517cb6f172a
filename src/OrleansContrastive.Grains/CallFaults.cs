using System.Net.Sockets;
using Orleans.Runtime;

namespace OrleansContrastive.Grains;

/// <summary>
/// Which failures of a call may pass by themselves. Orleans answers a plain <see cref="OrleansException"/> or an
/// <see cref="ArgumentException"/> about placement where no silo hosts a class at the moment, not only
/// <see cref="SiloUnavailableException"/>.
/// </summary>
public static class CallFaults
{
    /// <summary>The same call may succeed later.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        TimeoutException or SocketException or IOException => true,
        ArgumentException argument => argument.Message.Contains("placement", StringComparison.OrdinalIgnoreCase),
        OrleansException => true,
        _ => false,
    };
}
