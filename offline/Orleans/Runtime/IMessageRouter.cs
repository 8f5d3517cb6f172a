namespace Orleans.Runtime;

/// <summary>
/// Brings messages to the activations they are for. The one place where a message would leave the process: a router over
/// several silos asks the directory for the owner and hands the message to a connection, or to <see cref="LocalRouter"/>.
/// </summary>
internal interface IMessageRouter
{
    /// <summary>Delivers, or fails the message's caller. Never throws, never waits.</summary>
    void Send(Message message);

    /// <summary>The caller of a message gave up.</summary>
    void Cancel(Message message);
}

/// <summary>Delivers to the activations of this silo.</summary>
internal sealed class LocalRouter(Catalog catalog) : IMessageRouter
{
    public void Send(Message message)
    {
        Activation activation;
        try
        {
            activation = catalog.GetOrCreate(message.Target);
        }
        catch (Exception exception)
        {
            message.ReplyTo?.Fail(exception);
            return;
        }

        activation.Receive(message);
    }

    public void Cancel(Message message) => message.Cancel();
}
