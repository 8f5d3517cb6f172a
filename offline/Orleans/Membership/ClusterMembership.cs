using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Membership;

/// <summary>
/// What this silo knows of the membership table, and its writes to it. Views only ever go forward; those who follow them are told in
/// order, one view at a time. Thread-safe.
/// </summary>
internal sealed class ClusterMembership(
    IMembershipTable table, ILocalSiloDetails details, IOptions<ClusterMembershipOptions> options,
    IOptions<EndpointOptions> endpoints, TimeProvider time, RuntimeLog log) : IDisposable
{
    private const int MostAttempts = 100;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly TaskCompletionSource _active = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ClusterView _view = ClusterView.Empty;
    private ITimer? _alive;
    private ITimer? _refresh;
    private bool _isJoined;
    private bool _hasLeft;

    public SiloAddress Me => details.SiloAddress;

    public ClusterView View => _view;

    /// <summary>Completes when this silo is active and its view says so.</summary>
    public Task Active => _active.Task;

    /// <summary>A new view took the place of the old. Called within a lock: followers must not wait.</summary>
    public event Action<ClusterView, ClusterView>? Changed;

    /// <summary>This silo wrote the table: others should hear of it.</summary>
    public event Action<ClusterView>? Written;

    /// <summary>The table says that this silo is dead. Called once.</summary>
    public event Action<string>? DeclaredDead;

    /// <summary>Writes that this silo joins, and that earlier lives at its endpoint are over.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTable(true).ConfigureAwait(false);
        await WriteAsync(SiloStatus.Joining, cancellationToken).ConfigureAwait(false);
        _isJoined = true;
        foreach (var earlier in _view.Members.Where(entry => entry.Status != SiloStatus.Dead && entry.SiloAddress.IsPredecessorOf(Me)).ToArray())
            await DeclareDeadAsync(earlier.SiloAddress, "a later life of it has started", cancellationToken).ConfigureAwait(false);
        await CleanAsync().ConfigureAwait(false);
        var period = options.Value.TableRefreshTimeout;
        _refresh = Timers.Create(time, _ => _ = RefreshQuietlyAsync(), null, period, period);
    }

    public async Task BecomeActiveAsync(CancellationToken cancellationToken)
    {
        await WriteAsync(SiloStatus.Active, cancellationToken).ConfigureAwait(false);
        var period = options.Value.IAmAliveTablePublishTimeout;
        _alive = Timers.Create(time, _ => _ = SayAliveAsync(), null, period, period);
        _active.TrySetResult();
    }

    /// <summary>Says how far the stop has come; a silo that never joined, or that others declared dead, has nothing to say.</summary>
    public async Task LeaveAsync(SiloStatus status, CancellationToken cancellationToken)
    {
        if (status == SiloStatus.Dead)
        {
            _hasLeft = true;
            Dispose();
        }

        if (!_isJoined) return;
        var row = (await table.ReadRow(Me).ConfigureAwait(false)).TryGet(Me);
        if (row?.Item1.Status != SiloStatus.Dead) await WriteAsync(status, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the table, unless a view of at least this version is already known.</summary>
    public async Task<ClusterView> RefreshAsync(int atLeast = int.MaxValue)
    {
        if (_view.Version >= atLeast) return _view;
        await _reading.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_view.Version >= atLeast) return _view;
            return Apply(await table.ReadAll().ConfigureAwait(false));
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>The same where a failure is only worth a line in the log.</summary>
    public async Task RefreshQuietlyAsync(int atLeast = int.MaxValue)
    {
        try
        {
            await RefreshAsync(atLeast).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            log.TableUnreadable(exception, Me);
        }
    }

    /// <summary>
    /// Votes that a silo is dead; with enough votes it is. <paramref name="votesNeeded"/> is told who else may vote.
    /// </summary>
    public async Task SuspectAsync(SiloAddress silo, string reason, Func<ClusterView, int> votesNeeded)
    {
        for (var attempt = 0; attempt < MostAttempts && !_hasLeft; attempt++)
        {
            var data = await table.ReadAll().ConfigureAwait(false);
            var view = Apply(data);
            var row = data.TryGet(silo);
            if (row is null || row.Item1.Status == SiloStatus.Dead || view.StatusOf(Me) == SiloStatus.Dead) return;
            var now = time.GetUtcNow().UtcDateTime;
            var entry = row.Item1.Copy();
            var votes = (entry.SuspectTimes ?? []).Where(vote => now - vote.Item2 < options.Value.DeathVoteExpirationTimeout).ToList();
            var hasVoted = votes.Any(vote => vote.Item1.Equals(Me));
            if (!hasVoted) votes.Add(Tuple.Create(Me, now));
            // Not the view, whose signs of life are as old as its version.
            var isDead = votes.Count >= votesNeeded(new ClusterView(data));
            if (hasVoted && !isDead) return;
            entry.SuspectTimes = votes;
            if (isDead) entry.Status = SiloStatus.Dead;
            if (!await table.UpdateRow(entry, row.Item2, data.Version.Next()).ConfigureAwait(false)) continue;
            if (isDead) log.DeclaredDead(silo, Me, reason);
            else log.Suspected(silo, Me, reason);
            Written?.Invoke(await RefreshAsync().ConfigureAwait(false));
            return;
        }
    }

    public void Dispose()
    {
        _alive?.Dispose();
        _refresh?.Dispose();
    }

    private async Task CleanAsync()
    {
        try
        {
            await table.CleanupDefunctSiloEntries(time.GetUtcNow() - options.Value.DefunctSiloExpiration).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            log.TableUnreadable(exception, Me);
        }
    }

    private async Task DeclareDeadAsync(SiloAddress silo, string reason, CancellationToken cancellationToken)
    {
        await ChangeAsync(silo, row => row?.Status is null or SiloStatus.Dead ? null : Dead(row), cancellationToken).ConfigureAwait(false);
        log.DeclaredDead(silo, Me, reason);

        static MembershipEntry Dead(MembershipEntry entry)
        {
            entry.Status = SiloStatus.Dead;
            return entry;
        }
    }

    private Task WriteAsync(SiloStatus status, CancellationToken cancellationToken) => ChangeAsync(Me, row =>
    {
        if (row?.Status == SiloStatus.Dead && status != SiloStatus.Dead)
            throw new OrleansException($"Silo {Me} was declared dead and cannot become {status}.");
        var entry = row ?? NewEntry();
        entry.Status = status;
        entry.IAmAliveTime = time.GetUtcNow().UtcDateTime;
        return entry;
    }, cancellationToken);

    // A refused write means that another silo wrote first: read again and try again.
    private async Task ChangeAsync(SiloAddress silo, Func<MembershipEntry?, MembershipEntry?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var data = await table.ReadAll().ConfigureAwait(false);
            var row = data.TryGet(silo);
            if (change(row?.Item1.Copy()) is not { } entry) return;
            var written = row is null
                ? await table.InsertRow(entry, data.Version.Next()).ConfigureAwait(false)
                : await table.UpdateRow(entry, row.Item2, data.Version.Next()).ConfigureAwait(false);
            if (!written) continue;
            Written?.Invoke(await RefreshAsync().ConfigureAwait(false));
            return;
        }

        throw new OrleansException($"Silo {Me} could not write the row of {silo} in the membership table: {MostAttempts} attempts met other writers.");
    }

    private ClusterView Apply(MembershipTableData data)
    {
        string? dead = null;
        lock (_gate)
        {
            if (data.Version.Version <= _view.Version) return _view;
            var before = _view;
            var view = new ClusterView(data);
            var mine = view.StatusOf(Me);
            if (_isJoined && !_hasLeft && (mine == SiloStatus.Dead || (mine == SiloStatus.None && before.StatusOf(Me) != SiloStatus.None)))
            {
                _hasLeft = true;
                dead = mine == SiloStatus.Dead ? $"voted by {Voters(view)}" : "its row is gone";
            }

            _view = view;
            Changed?.Invoke(before, view);
        }

        if (dead is not null) DeclaredDead?.Invoke(dead);
        return _view;
    }

    private string Voters(ClusterView view) => view.Find(Me)?.SuspectTimes is { Count: > 0 } votes
        ? string.Join(", ", votes.Select(vote => vote.Item1))
        : "others";

    private MembershipEntry NewEntry() => new()
    {
        SiloAddress = Me,
        SiloName = details.Name,
        HostName = details.DnsHostName,
        ProxyPort = endpoints.Value.GatewayPort,
        StartTime = time.GetUtcNow().UtcDateTime,
    };

    private async Task SayAliveAsync()
    {
        try
        {
            if (_view.Find(Me) is not { } mine) return;
            var entry = mine.Copy();
            entry.IAmAliveTime = time.GetUtcNow().UtcDateTime;
            await table.UpdateIAmAlive(entry).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            log.AliveFailed(exception, Me);
        }
    }
}
