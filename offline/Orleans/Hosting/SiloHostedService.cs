using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Membership;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed class SiloHostedService(
    IEnumerable<IConfigurationValidator> validators, Silo silo, MembershipAgent membership, SiloLifecycle lifecycle,
    IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants, IOptions<EndpointOptions> endpoints) : IHostedService
{
    private bool _isStarted;

    private IPEndPoint Gateway => new(endpoints.Value.AdvertisedIPAddress, endpoints.Value.GatewayPort);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var validator in validators) validator.ValidateConfiguration();
        foreach (var participant in participants) participant.Participate(lifecycle);
        lifecycle.Subscribe("Gateway", ServiceLifecycleStage.RuntimeInitialize, _ =>
        {
            if (endpoints.Value.GatewayPort != 0) LocalGateways.Add(Gateway, silo);
            _isStarted = true;
            return Task.CompletedTask;
        }, _ =>
        {
            LocalGateways.Remove(silo);
            return Task.CompletedTask;
        });
        lifecycle.Subscribe("Join", ServiceLifecycleStage.RuntimeServices, membership.JoinAsync,
            // Even when the time to stop is up: others should not have to find out.
            _ => membership.LeaveAsync(SiloStatus.Dead, CancellationToken.None));
        lifecycle.Subscribe("Calls", ServiceLifecycleStage.BecomeActive, async token =>
        {
            silo.Start();
            await membership.BecomeActiveAsync(token).ConfigureAwait(false);
        }, async token =>
        {
            try
            {
                await membership.LeaveAsync(SiloStatus.ShuttingDown, token).ConfigureAwait(false);
            }
            finally
            {
                await silo.StopAsync(token).ConfigureAwait(false);
            }
        });
        await lifecycle.StartAsync(cancellationToken).ConfigureAwait(false);
        silo.Log.SiloStarted(silo.Details.Name, silo.Details.SiloAddress, silo.Details.ClusterId, silo.Classes);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted) return;
        _isStarted = false;
        await lifecycle.StopAsync(cancellationToken).ConfigureAwait(false);
        silo.Log.SiloStopped(silo.Details.SiloAddress);
    }
}

/// <summary>Connects and closes the client with its host.</summary>
internal sealed class ClientHostedService(Client client) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => client.ConnectAsync();

    public Task StopAsync(CancellationToken cancellationToken)
    {
        client.Dispose();
        return Task.CompletedTask;
    }
}
