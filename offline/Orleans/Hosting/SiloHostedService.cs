using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Directory;
using Orleans.Membership;
using Orleans.Networking;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Starts and stops the silo with its host, and the host with the silo where the others declared it dead.</summary>
internal sealed class SiloHostedService(
    IEnumerable<IConfigurationValidator> validators, IServiceProvider services, SiloLifecycle lifecycle,
    IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants, IHostApplicationLifetime application,
    IOptions<ClusterMembershipOptions> membershipOptions) : IHostedService
{
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    private Silo _silo = null!;
    private SiloNetwork _network = null!;
    private FailureDetector _detector = null!;
    private ClusterMembership _membership = null!;
    private bool _isStarted;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var validator in validators) validator.ValidateConfiguration();
        foreach (var participant in participants) participant.Participate(lifecycle);
        // Made only now: what the validators refuse could not even be made.
        Create();
        lifecycle.Subscribe("Network", ServiceLifecycleStage.RuntimeInitialize, _ =>
        {
            _isStarted = true;
            _network.Bind();
            return Task.CompletedTask;
        }, _ =>
        {
            Close();
            return Task.CompletedTask;
        });
        lifecycle.Subscribe("Join", ServiceLifecycleStage.RuntimeServices, JoinAsync,
            // Even when the time to stop is up: others should not have to find out.
            _ => _membership.LeaveAsync(SiloStatus.Dead, CancellationToken.None));
        lifecycle.Subscribe("Calls", ServiceLifecycleStage.BecomeActive, BecomeActiveAsync, StopCallsAsync);
        await lifecycle.StartAsync(cancellationToken).ConfigureAwait(false);
        _silo.Log.SiloStarted(_silo.Details.Name, _silo.Details.SiloAddress, _silo.Details.ClusterId, _silo.Classes);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted) return;
        _isStarted = false;
        await lifecycle.StopAsync(cancellationToken).ConfigureAwait(false);
        _silo.Log.SiloStopped(_silo.Details.SiloAddress);
    }

    private void Create()
    {
        _silo = Get<Silo>();
        _network = Get<SiloNetwork>();
        _detector = Get<FailureDetector>();
        _membership = Get<ClusterMembership>();
        _membership.Changed += OnChanged;
        _membership.Written += TellOthers;
        _membership.DeclaredDead += End;

        T Get<T>() where T : notnull => (T)services.GetService(typeof(T))!;
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await _membership.JoinAsync(cancellationToken).ConfigureAwait(false);
        _detector.Start();
    }

    private async Task BecomeActiveAsync(CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken).ConfigureAwait(false);
        _silo.Start();
        await _membership.BecomeActiveAsync(cancellationToken).ConfigureAwait(false);
        _network.OpenGateway();
    }

    // One that cannot reach the others would only be in their way.
    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(membershipOptions.Value.MaxJoinAttemptTime);
        for (var round = 0; ; round++)
        {
            var view = await _membership.RefreshAsync().ConfigureAwait(false);
            var missing = new List<string>();
            foreach (var silo in view.Active.Where(silo => !silo.Equals(_membership.Me)))
            {
                try
                {
                    await _silo.Peers.For(silo).OpenAsync().WaitAsync(limit.Token).ConfigureAwait(false);
                }
                catch (OrleansException exception)
                {
                    missing.Add($"{silo} ({exception.Message})");
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    missing.Add(silo.ToString());
                }
            }

            if (missing.Count == 0) return;
            if (limit.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new OrleansException(
                    $"Silo {_membership.Me} could not join within {membershipOptions.Value.MaxJoinAttemptTime}: it cannot reach {string.Join(", ", missing)}.");
            }

            if (round % 50 == 0) _silo.Log.WaitsForPeers(_membership.Me, string.Join(", ", missing));
            await Task.Delay(ConnectPause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StopCallsAsync(CancellationToken cancellationToken)
    {
        _network.LeaveGateway();
        try
        {
            await _membership.LeaveAsync(SiloStatus.ShuttingDown, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _silo.StopAsync(cancellationToken).ConfigureAwait(false);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(DrainLimit);
            await _network.DrainAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Close()
    {
        _membership.Changed -= OnChanged;
        _detector.Dispose();
        _network.Dispose();
        _silo.Peers.Dispose();
    }

    private void OnChanged(ClusterView before, ClusterView view)
    {
        _silo.Log.ViewChanged(view);
        // Not within the membership's lock.
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            _silo.Peers.CloseDead(view);
            _network.CloseDead(view);
            // A connection brings the classes of a new silo.
            foreach (var silo in view.Active)
                if (!silo.Equals(_membership.Me) && !_silo.Types.Knows(silo)) _ = OpenQuietlyAsync(silo);
        }, null);
    }

    private async Task OpenQuietlyAsync(SiloAddress silo) =>
        await ((Task)_silo.Peers.For(silo).OpenAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void TellOthers(ClusterView view)
    {
        var message = DirectoryMessages.Write(view.Version);
        foreach (var member in view.Members)
        {
            if (member.Status == SiloStatus.Dead || member.SiloAddress.Equals(_membership.Me)) continue;
            _silo.Peers.For(member.SiloAddress).Connection?.Tell(SystemCall.TableChanged, message);
        }
    }

    // To the others this silo does not exist any more, so it must not go on for a moment longer.
    private void End(string why)
    {
        _silo.Log.IsDead(_membership.Me, why);
        _silo.Catalog.Abandon();
        _silo.Dispose();
        Close();
        application.StopApplication();
    }
}

/// <summary>Connects and closes the client with its host.</summary>
internal sealed class ClientHostedService(Client client) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => client.ConnectAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken)
    {
        client.Dispose();
        return Task.CompletedTask;
    }
}
