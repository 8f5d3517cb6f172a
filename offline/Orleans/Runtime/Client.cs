using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>The parts of one client. It enters the cluster at its gateways and learns of the grain classes there.</summary>
internal sealed class Client(
    ClientCalls calls, ClusterTypes types, Func<Gateways> createGateways, IClientConnectionRetryFilter retryFilter, IServiceProvider services)
    : IMessageRouter, IDisposable
{
    private Gateways? _gateways;

    public GrainFactory Factory { get; } = new(calls.References, types, services);

    /// <exception cref="ConnectionFailedException">No gateway of the list can be entered, and the retry filter had enough.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _gateways = createGateways();
        while (true)
        {
            try
            {
                await _gateways.ConnectAsync(cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (Exception exception)
            {
                if (!await retryFilter.ShouldRetryConnectionAttempt(exception, cancellationToken).ConfigureAwait(false)) throw;
            }
        }

        calls.Sender.Router = this;
    }

    public void Send(Message message)
    {
        if (_gateways!.For(message.Target) is { } gateway) gateway.Send(message);
        else _ = ConnectAndSendAsync(_gateways, message);
    }

    public void Cancel(Message message) => message.Cancel();

    public void Dispose()
    {
        calls.Sender.Dispose();
        _gateways?.Dispose();
    }

    private static async Task ConnectAndSendAsync(Gateways gateways, Message message)
    {
        try
        {
            await gateways.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            if (gateways.For(message.Target) is not { } gateway) throw new ConnectionFailedException("All gateways closed at once.");
            gateway.Send(message);
        }
        catch (Exception exception)
        {
            message.ReplyTo?.Fail(new SiloUnavailableException($"No gateway is available for {message}. {exception.Message}", exception));
        }
    }
}

/// <summary>What sends the calls of a client.</summary>
internal sealed class ClientCalls
{
    public ClientCalls(IOptions<ClientMessagingOptions> messaging, TimeProvider time)
    {
        Sender = new CallSender(messaging.Value, time);
        References = new ReferenceFactory(Sender);
    }

    public CallSender Sender { get; }

    public ReferenceFactory References { get; }
}

/// <summary>Tries for as long as a cluster may need to start: ten times, each after a longer pause, 11 s in all.</summary>
internal sealed class LinearBackoffClientConnectionRetryFilter : IClientConnectionRetryFilter
{
    private const int MostAttempts = 10;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);

    private int _attempts;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_attempts >= MostAttempts || exception is not (OrleansMessageRejectionException or ConnectionFailedException)
            || exception.InnerException is Networking.HandshakeRefusedException { Refusal: Networking.Refusal.Foreign })
        {
            return false;
        }

        await Task.Delay(Step * ++_attempts, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
