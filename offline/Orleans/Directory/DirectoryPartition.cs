using Orleans.Membership;
using Orleans.Runtime;

namespace Orleans.Directory;

/// <summary>Where a grain is active, and by which registration.</summary>
internal readonly record struct Registration(GrainId Grain, SiloAddress Silo, long Stamp);

/// <summary>
/// This silo's part of the directory, and which of the grains that are active here are known to their owners. A part that came with a
/// new view is not served before all silos that may have activations have told theirs: then no grain can be active twice.
/// Every use names the version of the view that the user sees; another version than this silo's is refused. Thread-safe; never waits.
/// </summary>
internal sealed class DirectoryPartition(SiloAddress me)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GrainId, Registration> _entries = [];
    private readonly Dictionary<GrainId, long> _confirmed = [];

    // The rings since this silo last knew all of its part; what it owned in every one of them it still knows.
    private List<Ring> _rings = [ClusterView.Empty.Ring];
    private ClusterView _view = ClusterView.Empty;
    private TaskCompletionSource _settling = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isSettled = true;

    public ClusterView View
    {
        get
        {
            lock (_gate) return _view;
        }
    }

    /// <summary>Takes a new view; true where grains have to be recovered from the others.</summary>
    public bool Take(ClusterView before, ClusterView view)
    {
        lock (_gate)
        {
            _view = view;
            var hosting = view.Hosting.ToHashSet();
            foreach (var (grain, entry) in _entries)
                if (!hosting.Contains(entry.Silo) || !Owns(view.Ring, grain)) _entries.Remove(grain);
            if (before.MayHaveMissedOwners(view)) _rings = [ClusterView.Empty.Ring, view.Ring];
            else if (!before.Active.SequenceEqual(view.Active)) _rings.Add(view.Ring);
            else if (_isSettled) return false;
            _isSettled = false;
            _settling.TrySetResult();
            _settling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
        }
    }

    /// <summary>
    /// Takes what the others told; returns the activations that must end because their grain is active elsewhere. Null where the view
    /// has changed meanwhile.
    /// </summary>
    public List<Registration>? Settle(int version, IEnumerable<Registration> told)
    {
        lock (_gate)
        {
            if (_view.Version != version) return null;
            var duplicates = new List<Registration>();
            var own = _confirmed.Select(it => new Registration(it.Key, me, it.Value)).Where(it => Owns(_view.Ring, it.Grain));
            foreach (var registration in own.Concat(told))
            {
                if (IsKept(registration.Grain)) continue;
                if (_entries.TryAdd(registration.Grain, registration)) continue;
                var (first, second) = (_entries[registration.Grain], registration);
                if (first.Silo.Equals(second.Silo)) continue;
                // Any rule would do that all silos share: the earlier address stays.
                var (stays, ends) = first.Silo.CompareTo(second.Silo) < 0 ? (first, second) : (second, first);
                _entries[registration.Grain] = stays;
                duplicates.Add(ends);
            }

            _rings = [_view.Ring];
            _isSettled = true;
            _settling.TrySetResult();
            return duplicates;
        }
    }

    /// <summary>Where a grain is registered, if anywhere.</summary>
    public Answer TryFind(int version, GrainId grain, out SiloAddress? silo)
    {
        lock (_gate)
        {
            silo = null;
            if (Check(version, grain) is var answer && answer.IsGiven && _entries.TryGetValue(grain, out var entry)) silo = entry.Silo;
            return answer;
        }
    }

    /// <summary>Registers a grain, unless it is registered at another silo that lives; says where it is registered then.</summary>
    public Answer TryRegister(int version, Registration wanted, out SiloAddress? winner)
    {
        lock (_gate)
        {
            winner = null;
            var answer = Check(version, wanted.Grain);
            if (!answer.IsGiven) return answer;
            if (!_entries.TryGetValue(wanted.Grain, out var entry) || entry.Silo.Equals(wanted.Silo)) _entries[wanted.Grain] = entry = wanted;
            winner = entry.Silo;
            // Within the same lock as a change of views: see Confirm.
            if (winner.Equals(me) && wanted.Silo.Equals(me)) _confirmed[wanted.Grain] = wanted.Stamp;
            return answer;
        }
    }

    public Answer TryUnregister(int version, Registration ended)
    {
        lock (_gate)
        {
            var answer = Check(version, ended.Grain);
            if (answer.IsGiven && _entries.TryGetValue(ended.Grain, out var entry) && entry == ended) _entries.Remove(ended.Grain);
            return answer;
        }
    }

    /// <summary>
    /// Another silo registered an activation of this one; it counts only if the view is still the same, since the next owner may have
    /// asked already.
    /// </summary>
    public bool TryConfirm(int version, GrainId grain, long stamp)
    {
        lock (_gate)
        {
            if (_view.Version != version) return false;
            _confirmed[grain] = stamp;
            return true;
        }
    }

    /// <summary>An activation of this silo ends.</summary>
    public void Forget(GrainId grain, long stamp)
    {
        lock (_gate)
            if (_confirmed.TryGetValue(grain, out var confirmed) && confirmed == stamp) _confirmed.Remove(grain);
    }

    /// <summary>The grains that are active here and belong to the part of another silo; null where the view is another.</summary>
    public List<Registration>? Confirmed(int version, SiloAddress owner)
    {
        lock (_gate)
        {
            return _view.Version != version
                ? null
                : [.. _confirmed.Where(it => owner.Equals(_view.Ring.OwnerOf(it.Key))).Select(it => new Registration(it.Key, me, it.Value))];
        }
    }

    private Answer Check(int version, GrainId grain)
    {
        if (version != _view.Version || !Owns(_view.Ring, grain)) return new Answer(false, null);
        return _isSettled || IsKept(grain) ? new Answer(true, null) : new Answer(false, _settling.Task);
    }

    private bool IsKept(GrainId grain) => _rings.All(ring => Owns(ring, grain));

    private bool Owns(Ring ring, GrainId grain) => me.Equals(ring.OwnerOf(grain));

    /// <summary>Whether there is an answer, and if not what to wait for; null where the views differ.</summary>
    internal readonly record struct Answer(bool IsGiven, Task? Until);
}
