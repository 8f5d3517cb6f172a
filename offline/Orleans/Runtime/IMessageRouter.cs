namespace Orleans.Runtime;

/// <summary>
/// Brings messages to the activations they are for: <see cref="ClusterRouter"/> from a silo, <see cref="Client"/> by a gateway.
/// </summary>
internal interface IMessageRouter
{
    /// <summary>Delivers, or fails the message's caller. Never throws, never waits.</summary>
    void Send(Message message);

    /// <summary>The caller of a message gave up.</summary>
    void Cancel(Message message);
}
