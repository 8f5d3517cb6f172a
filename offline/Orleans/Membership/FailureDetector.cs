using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Networking;
using Orleans.Runtime;

namespace Orleans.Membership;

/// <summary>
/// Watches the other silos: each is probed unless something was received from it anyway. A probe without an answer, a connection
/// that breaks and one that is refused count as missed; after enough in a row this silo votes in the table that the other is dead.
/// A machine that was too busy to run this loop in time blames itself, not the others.
/// </summary>
internal sealed class FailureDetector(
    ClusterMembership membership, Peers peers, IOptions<ClusterMembershipOptions> options, TimeProvider time, RuntimeLog log) : IDisposable
{
    private readonly Dictionary<SiloAddress, Watched> _watched = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _hurry = new(0);
    private HashSet<SiloAddress> _broken = [];

    private TimeSpan Period => options.Value.ProbeTimeout / 3;

    public void Start() => _ = Task.Run(RunAsync);

    /// <summary>The connection to a silo broke.</summary>
    public void OnBroken(SiloAddress silo)
    {
        lock (_hurry) _broken.Add(silo);
        _hurry.Release();
    }

    public void Dispose() => _stopping.Cancel();

    private async Task RunAsync()
    {
        var last = Environment.TickCount64;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _hurry.WaitAsync(Period, _stopping.Token).ConfigureAwait(false);
                var now = Environment.TickCount64;
                var isLate = now - last > (Period + options.Value.ProbeTimeout).TotalMilliseconds;
                last = now;
                if (isLate)
                {
                    // Perhaps it was this silo that was away: the table knows.
                    log.Late(membership.Me);
                    await membership.RefreshQuietlyAsync().ConfigureAwait(false);
                }

                Look(now, isLate);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                log.DetectorFailed(exception, membership.Me);
            }
        }
    }

    private void Look(long now, bool isLate)
    {
        HashSet<SiloAddress> broken;
        lock (_hurry) (broken, _broken) = (_broken, []);
        var view = membership.View;
        var wanted = Wanted(view);
        foreach (var gone in _watched.Keys.Where(silo => !wanted.Contains(silo)).ToArray()) _watched.Remove(gone);
        foreach (var silo in wanted)
        {
            if (!_watched.TryGetValue(silo, out var watched)) _watched.Add(silo, watched = new Watched(silo, now));
            if (broken.Contains(silo)) watched.Miss("its connection broke", isRefused: false);
            if (isLate) watched.Forgive(now);
            Look(watched, now);
            if (watched.Misses >= options.Value.NumMissedProbesLimit && options.Value.LivenessEnabled) Suspect(watched);
        }
    }

    private void Look(Watched watched, long now)
    {
        var connection = peers.For(watched.Silo).Connection;
        // One that still sends is not dead, even where it answers too late.
        var lastSign = peers.LastReceivedFrom(watched.Silo);
        if (lastSign > watched.LastSign)
        {
            watched.LastSign = lastSign;
            watched.Misses = 0;
        }

        if (watched.Probe is { IsCompleted: true } ended)
        {
            watched.Probe = null;
            if (ended.Result is { } miss) watched.Miss(miss.Reason, miss.IsRefused);
        }
        else if (watched.Probe is not null)
        {
            if (now - watched.ProbedAt < options.Value.ProbeTimeout.TotalMilliseconds) return;
            watched.Miss($"it did not answer within {options.Value.ProbeTimeout}", isRefused: false);
        }

        if (connection is not null && now - watched.LastSign < Period.TotalMilliseconds) return;
        watched.ProbedAt = now;
        watched.Probe = ProbeAsync(watched.Silo);
    }

    // Null where it answered. One without an answer is counted by the loop and left to itself.
    private async Task<Miss?> ProbeAsync(SiloAddress silo)
    {
        try
        {
            var connection = await peers.For(silo).OpenAsync().ConfigureAwait(false);
            await connection.AskAsync(SystemCall.Probe, [], options.Value.ProbeTimeout * 2).ConfigureAwait(false);
            return null;
        }
        catch (HandshakeRefusedException exception)
        {
            if (exception.Refusal == Refusal.Dead) await membership.RefreshQuietlyAsync().ConfigureAwait(false);
            return new Miss(exception.Message, exception.Refusal == Refusal.WrongGeneration);
        }
        catch (Exception exception)
        {
            return new Miss(exception.Message, IsRefusedByKernel(exception, silo));
        }
    }

    private void Suspect(Watched watched)
    {
        if (watched.Voting is { IsCompleted: false }) return;
        watched.Voting = Task.Run(async () =>
        {
            try
            {
                var reason = $"{watched.Misses} probes in a row were missed, the last because {watched.Reason}";
                await membership.SuspectAsync(watched.Silo, reason, view => VotesNeeded(view, watched)).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                log.TableUnreadable(exception, membership.Me);
            }
        });
    }

    // As many as the options ask for, but never more than there are silos left to vote. Where the machine's own kernel refuses, or a
    // later life answers, nobody else has to be asked.
    private int VotesNeeded(ClusterView view, Watched watched)
    {
        if (watched.IsRefused) return 1;
        var now = time.GetUtcNow().UtcDateTime;
        var freshness = options.Value.IAmAliveTablePublishTimeout * options.Value.NumMissedTableIAmAliveLimit;
        var voters = view.Active.Count(silo => silo.Equals(membership.Me)
            || (!silo.Equals(watched.Silo) && now - view.Find(silo)!.IAmAliveTime < freshness));
        // One that still joins may be the one whose network is wrong.
        if (!view.IsActive(membership.Me)) voters++;
        return Math.Clamp(voters, 1, Math.Max(1, options.Value.NumVotesForDeathDeclaration));
    }

    private List<SiloAddress> Wanted(ClusterView view)
    {
        var others = view.Hosting.Where(silo => !silo.Equals(membership.Me)).Order().ToList();
        if (others.Count <= options.Value.NumProbedSilos) return others;
        var next = others.FindIndex(silo => silo.CompareTo(membership.Me) > 0);
        return [.. Enumerable.Range(0, options.Value.NumProbedSilos).Select(index => others[(Math.Max(next, 0) + index) % others.Count])];
    }

    private static bool IsRefusedByKernel(Exception exception, SiloAddress silo) =>
        (exception as SocketException ?? exception.InnerException as SocketException)?.SocketErrorCode == SocketError.ConnectionRefused
        && IsOfThisMachine(silo.Endpoint.Address);

    private static bool IsOfThisMachine(IPAddress address) => IPAddress.IsLoopback(address)
        || NetworkInterface.GetAllNetworkInterfaces().Any(it => it.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(address)));

    private sealed record Miss(string Reason, bool IsRefused);

    /// <summary>What is known of one silo's life.</summary>
    private sealed class Watched(SiloAddress silo, long now)
    {
        public SiloAddress Silo { get; } = silo;

        public long LastSign { get; set; } = now;

        public long ProbedAt { get; set; } = now;

        public int Misses { get; set; }

        public string Reason { get; private set; } = "";

        /// <summary>Nobody listens there, or a later life does.</summary>
        public bool IsRefused { get; private set; }

        public Task<Miss?>? Probe { get; set; }

        public Task? Voting { get; set; }

        public void Miss(string reason, bool isRefused)
        {
            Misses++;
            (Reason, IsRefused) = (reason, isRefused);
        }

        public void Forgive(long when)
        {
            Misses = 0;
            ProbedAt = when;
        }
    }
}
