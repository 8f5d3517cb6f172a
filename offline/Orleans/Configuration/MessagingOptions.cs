namespace Orleans.Configuration;

/// <summary>How calls travel.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for a response, unless the method has its own.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a call that timed out is cancelled at the callee. Default: no.</summary>
    public bool CancelRequestOnTimeout { get; set; }

    /// <summary>Whether a cancelled call waits for the callee to end. Default: no, it ends at once.</summary>
    public bool WaitForCancellationAcknowledgement { get; set; }

    /// <summary>The largest body of a message in bytes.</summary>
    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;

    /// <summary>The largest header of a message in bytes.</summary>
    public int MaxMessageHeaderSize { get; set; } = 10 * 1024 * 1024;
}

/// <summary>How the calls of a silo's grains travel.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How often a message may be sent on when its grain moved.</summary>
    public int MaxForwardCount { get; set; } = 2;
}

/// <summary>How the calls of a client travel.</summary>
public class ClientMessagingOptions : MessagingOptions;
