namespace OrleansContrastive.Silo;

/// <summary>What the executable itself says.</summary>
internal static partial class SiloLog
{
    /// <summary>Scripts wait for this line.</summary>
    [LoggerMessage(1, LogLevel.Information, "Silo {Name} is ready in cluster {Cluster}: roles {Roles}, silos at {Address}, clients at {Gateway}, health at {Health}")]
    public static partial void Ready(ILogger logger, string name, string cluster, string roles, string address, string gateway, string health);

    [LoggerMessage(2, LogLevel.Error, "Silo {Name} did not start")]
    public static partial void NotStarted(ILogger logger, string name, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "Silo {Name} has left cluster {Cluster}")]
    public static partial void Left(ILogger logger, string name, string cluster);

    [LoggerMessage(4, LogLevel.Error, "Silo {Name} was declared dead by cluster {Cluster}, and ends; start it again to let it join as a new one")]
    public static partial void DeclaredDead(ILogger logger, string name, string cluster);
}
