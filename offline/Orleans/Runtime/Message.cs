namespace Orleans.Runtime;

[Flags]
internal enum MessageOptions
{
    None = 0,

    /// <summary>May run between the awaits of any call.</summary>
    AlwaysInterleave = 1,

    /// <summary>May run between the awaits of calls of its own kind.</summary>
    ReadOnly = 2,

    /// <summary>Counts as use of the activation.</summary>
    KeepAlive = 4,

    /// <summary>Belongs to one activation and is dropped with it: a timer's tick.</summary>
    LocalOnly = 8,
}

/// <summary>Where the outcome of a request goes: the caller in this process, or a reply over the network.</summary>
internal interface IReplyTo
{
    /// <summary>The request ended with a result, which it holds.</summary>
    void Complete(Request request);

    /// <summary>The request failed, or was refused.</summary>
    void Fail(Exception exception);
}

/// <summary>The connection that a request left the process by.</summary>
internal interface IRoute
{
    /// <summary>Tells the callee's silo that the caller gave up.</summary>
    void Cancel(Message message);

    /// <summary>Tells the callee's silo that nobody waits any more; a late response is dropped.</summary>
    void Abandon(Message message);
}

/// <summary>The envelope of one request. What is inside is <see cref="Request"/>; how it travels is <see cref="IMessageRouter"/>.</summary>
internal sealed class Message(GrainId target, GrainId? sender, Request request, MessageOptions options)
{
    private Activation? _owner;
    private IRoute? _route;
    private bool _isExpired;

    public GrainId Target { get; } = target;

    public GrainId? Sender { get; } = sender;

    public Request Request { get; } = request;

    public MessageOptions Options { get; } = options;

    public IReplyTo? ReplyTo { get; init; }

    /// <summary>How often it was sent on because its activation had ended.</summary>
    public int Forwards { get; set; }

    /// <summary>How often a silo that was sent it sent it on to another.</summary>
    public int Hops { get; set; }

    /// <summary>How it left the process, and its number there.</summary>
    public IRoute? Route
    {
        get => Volatile.Read(ref _route);
        set => Volatile.Write(ref _route, value);
    }

    public long RouteId { get; set; }

    public bool IsAlwaysInterleave => (Options & MessageOptions.AlwaysInterleave) != 0;

    public bool IsReadOnly => (Options & MessageOptions.ReadOnly) != 0;

    public bool IsKeepAlive => (Options & MessageOptions.KeepAlive) != 0;

    public bool IsLocalOnly => (Options & MessageOptions.LocalOnly) != 0;

    /// <summary>What the call ends with, once it runs and did not end at once.</summary>
    internal Task? Ending { get; set; }

    /// <summary>Nobody waits for the response any more: a request that did not start yet need not.</summary>
    internal bool IsExpired
    {
        get => Volatile.Read(ref _isExpired);
        set => Volatile.Write(ref _isExpired, value);
    }

    // The activation that holds it, and its neighbours in that activation's queue.
    internal Activation? Owner
    {
        get => Volatile.Read(ref _owner);
        set => Volatile.Write(ref _owner, value);
    }

    internal Message? Previous { get; set; }

    internal Message? Next { get; set; }

    // Its place among the calls that wait for a response.
    internal long Deadline { get; set; }

    internal int TimeoutShard { get; set; }

    internal Message? EarlierTimeout { get; set; }

    internal Message? LaterTimeout { get; set; }

    internal bool IsTimeoutWatched { get; set; }

    /// <summary>The caller gave up: stops the request where it waits, else signals its token.</summary>
    public void Cancel()
    {
        if (!Request.RequestCancellation()) return;
        Owner?.SignalCancellation(this);
        Route?.Cancel(this);
    }

    /// <summary>Nobody waits for the response any more.</summary>
    public void Abandon()
    {
        IsExpired = true;
        Route?.Abandon(this);
    }

    public override string ToString() => $"{(Sender is { } sender ? sender.ToString() : "client")} -> {Target}: {Request}";
}
