using System.Collections.Concurrent;
using Orleans.Membership;
using Orleans.Networking;
using Orleans.Runtime;

namespace Orleans.Directory;

/// <summary>
/// Finds, registers and forgets the activations of the cluster: asks this silo's part of the directory or the one that owns the
/// grain's, again after every change of the membership, and remembers what it found.
/// </summary>
internal sealed class GrainDirectory
{
    private const int MostRemembered = 100_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<GrainId, SiloAddress> _remembered = new();
    private readonly ClusterMembership _membership;
    private readonly Peers _peers;
    private readonly RuntimeLog _log;

    public GrainDirectory(ClusterMembership membership, Peers peers, RuntimeLog log)
    {
        _membership = membership;
        _peers = peers;
        _log = log;
        Partition = new DirectoryPartition(membership.Me);
        membership.Changed += OnChanged;
    }

    public DirectoryPartition Partition { get; }

    /// <summary>A second activation of a grain was found here; it has to end.</summary>
    public event Action<GrainId, long>? DuplicateFound;

    private SiloAddress Me => _membership.Me;

    /// <summary>Where a grain is, if that is known without asking; a null silo means that it is nowhere.</summary>
    public bool TryFindNow(GrainId grain, out SiloAddress? silo)
    {
        if (_remembered.TryGetValue(grain, out silo)) return true;
        var view = _membership.View;
        return Me.Equals(view.Ring.OwnerOf(grain)) && Partition.TryFind(view.Version, grain, out silo).IsGiven;
    }

    /// <summary>Where a grain is; null for nowhere. Waits for an owner as long as <paramref name="isWanted"/> says so.</summary>
    /// <exception cref="SiloUnavailableException">No silo of the cluster is active, or the answer is not wanted any more.</exception>
    public async Task<SiloAddress?> FindAsync(GrainId grain, Func<bool> isWanted)
    {
        var silo = await AskOwnerAsync(grain, isWanted, new Question(
            (int version, out SiloAddress? found) => Partition.TryFind(version, grain, out found),
            SystemCall.Find, version => DirectoryMessages.Write(version, grain)), (_, _) => true).ConfigureAwait(false);
        if (silo is not null && !silo.Equals(Me)) Remember(grain, silo);
        return silo;
    }

    /// <summary>Registers an activation of this silo; says where the grain is active, which may be elsewhere.</summary>
    /// <exception cref="SiloUnavailableException">No silo of the cluster is active, or the answer is not wanted any more.</exception>
    public ValueTask<SiloAddress> RegisterAsync(GrainId grain, long stamp, Func<bool> isWanted)
    {
        var wanted = new Registration(grain, Me, stamp);
        var view = _membership.View;
        if (Me.Equals(view.Ring.OwnerOf(grain)) && Partition.TryRegister(view.Version, wanted, out var winner).IsGiven)
            return ValueTask.FromResult(winner!);
        return new ValueTask<SiloAddress>(RegisterAsync(wanted, isWanted)!);
    }

    /// <summary>An activation of this silo has ended. Best effort: an entry that stays only says where the next one begins.</summary>
    public ValueTask UnregisterAsync(GrainId grain, long stamp)
    {
        Partition.Forget(grain, stamp);
        var ended = new Registration(grain, Me, stamp);
        var view = _membership.View;
        if (view.Active.Count == 0) return ValueTask.CompletedTask;
        if (Me.Equals(view.Ring.OwnerOf(grain)) && Partition.TryUnregister(view.Version, ended).IsGiven) return ValueTask.CompletedTask;
        return new ValueTask(UnregisterAsync(ended));
    }

    public void Remember(GrainId grain, SiloAddress silo)
    {
        if (silo.Equals(Me) || !_membership.View.Hosting.Contains(silo)) return;
        if (_remembered.Count > MostRemembered) _remembered.Clear();
        _remembered[grain] = silo;
    }

    public void Forget(GrainId grain) => _remembered.TryRemove(grain, out _);

    /// <summary>Answers other silos.</summary>
    public async Task<byte[]?> AnswerAsync(SiloAddress from, SystemCall call, byte[] arguments)
    {
        if (call is SystemCall.Moved or SystemCall.EndDuplicate)
        {
            var (grain, silo, stamp) = DirectoryMessages.ReadRegistration(arguments);
            if (call == SystemCall.Moved) Remember(grain, silo);
            else DuplicateFound?.Invoke(grain, stamp);
            return null;
        }

        var version = DirectoryMessages.ReadVersion(arguments);
        if (version > _membership.View.Version) await _membership.RefreshAsync(version).ConfigureAwait(false);
        while (true)
        {
            if (call == SystemCall.Recover)
            {
                return Partition.Confirmed(version, from) is { } confirmed
                    ? DirectoryMessages.Told(confirmed)
                    : DirectoryMessages.OtherVersion(Partition.View.Version);
            }

            SiloAddress? found = null;
            var answer = call switch
            {
                SystemCall.Find => Partition.TryFind(version, DirectoryMessages.ReadGrain(arguments), out found),
                SystemCall.Register => Partition.TryRegister(version, DirectoryMessages.ReadWanted(arguments), out found),
                _ => Partition.TryUnregister(version, DirectoryMessages.ReadWanted(arguments)),
            };
            if (answer.IsGiven) return DirectoryMessages.Found(found);
            if (answer.Until is null) return DirectoryMessages.OtherVersion(Partition.View.Version);
            await answer.Until.ConfigureAwait(false);
        }
    }

    private async Task<SiloAddress?> RegisterAsync(Registration wanted, Func<bool> isWanted) => await AskOwnerAsync(
        wanted.Grain, isWanted, new Question(
            (int version, out SiloAddress? winner) => Partition.TryRegister(version, wanted, out winner),
            SystemCall.Register, version => DirectoryMessages.Write(version, wanted)),
        (version, winner) => !Me.Equals(winner) || Partition.TryConfirm(version, wanted.Grain, wanted.Stamp)).ConfigureAwait(false);

    private async Task UnregisterAsync(Registration ended)
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        try
        {
            await AskOwnerAsync(
                ended.Grain, () => Environment.TickCount64 < until, new Question(
                    (int version, out SiloAddress? none) =>
                    {
                        none = null;
                        return Partition.TryUnregister(version, ended);
                    },
                    SystemCall.Unregister, version => DirectoryMessages.Write(version, ended)), (_, _) => true).ConfigureAwait(false);
        }
        catch (OrleansException exception)
        {
            _log.UnregisterFailed(exception, ended.Grain);
        }
    }

    private async Task<SiloAddress?> AskOwnerAsync(
        GrainId grain, Func<bool> isWanted, Question question, Func<int, SiloAddress?, bool> accept)
    {
        while (isWanted())
        {
            var view = Partition.View;
            if (view.Ring.OwnerOf(grain) is not { } owner)
            {
                if (_membership.Active.IsCompleted)
                    throw new SiloUnavailableException($"No silo of the cluster is active that could say where {grain} is.");
                await _membership.Active.ConfigureAwait(false);
                continue;
            }

            if (owner.Equals(Me))
            {
                var answer = question.AskHere(view.Version, out var here);
                if (answer.IsGiven && accept(view.Version, here)) return here;
                if (answer.Until is { } until) await until.ConfigureAwait(false);
                continue;
            }

            try
            {
                var connection = await _peers.For(owner).OpenAsync().ConfigureAwait(false);
                var reply = await connection.AskAsync(question.Call, question.Write(view.Version), Patience).ConfigureAwait(false);
                if (!DirectoryMessages.IsOtherVersion(reply, out var version))
                {
                    var found = DirectoryMessages.ReadFound(reply);
                    if (accept(view.Version, found)) return found;
                    continue;
                }

                // A version behind mine catches up with the question; one that is ahead is read here.
                await _membership.RefreshQuietlyAsync(Math.Max(version, view.Version + 1)).ConfigureAwait(false);
                if (Partition.View == view) await Task.Delay(Pause).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The owner may be dying: the next view has another.
                await Task.Delay(Pause).ConfigureAwait(false);
                await _membership.RefreshQuietlyAsync().ConfigureAwait(false);
            }
        }

        throw new SiloUnavailableException($"The owner of the directory's entry of {grain} did not answer in time.");
    }

    private void OnChanged(ClusterView before, ClusterView view)
    {
        var hosting = view.Hosting.ToHashSet();
        foreach (var (grain, silo) in _remembered)
            if (!hosting.Contains(silo)) _remembered.TryRemove(KeyValuePair.Create(grain, silo));
        if (!Partition.Take(before, view) || !view.IsActive(Me)) return;
        if (view.Hosting.All(Me.Equals)) Settle(view, []);
        else _ = Task.Run(() => RecoverAsync(view));
    }

    private async Task RecoverAsync(ClusterView view)
    {
        var told = await Task.WhenAll(view.Hosting.Where(silo => !silo.Equals(Me)).Select(silo => RecoverAsync(view, silo))).ConfigureAwait(false);
        if (told.All(it => it is not null)) Settle(view, told.SelectMany(it => it!));
    }

    // Null where the view is no longer this one.
    private async Task<List<Registration>?> RecoverAsync(ClusterView view, SiloAddress silo)
    {
        while (Partition.View == view)
        {
            try
            {
                var connection = await _peers.For(silo).OpenAsync().ConfigureAwait(false);
                var reply = await connection.AskAsync(SystemCall.Recover, DirectoryMessages.Write(view.Version), Patience).ConfigureAwait(false);
                if (!DirectoryMessages.IsOtherVersion(reply, out var version)) return DirectoryMessages.ReadTold(reply, silo);
                await _membership.RefreshQuietlyAsync(Math.Max(version, view.Version + 1)).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                await Task.Delay(Pause).ConfigureAwait(false);
            }
        }

        return null;
    }

    private void Settle(ClusterView view, IEnumerable<Registration> told)
    {
        foreach (var duplicate in Partition.Settle(view.Version, told) ?? [])
        {
            _log.DuplicateFound(duplicate.Grain, duplicate.Silo);
            if (duplicate.Silo.Equals(Me)) DuplicateFound?.Invoke(duplicate.Grain, duplicate.Stamp);
            else _peers.For(duplicate.Silo).Connection?.Tell(SystemCall.EndDuplicate, DirectoryMessages.Write(duplicate));
        }
    }

    private delegate DirectoryPartition.Answer AskHere(int version, out SiloAddress? silo);

    /// <summary>One question, to be asked here or elsewhere.</summary>
    private sealed record Question(AskHere AskHere, SystemCall Call, Func<int, byte[]> Write);
}
