using System.Collections.Concurrent;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>The grain classes of the whole cluster as far as they are known here, and who hosts them. Thread-safe.</summary>
internal sealed class ClusterTypes : IGrainTypeResolver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, IReadOnlyList<ClassDescription>> _bySilo = [];
    private readonly Dictionary<GrainType, ClassDescription> _all = [];
    private volatile Snapshot _now = new([], []);

    /// <summary>The classes, or who hosts them, have changed.</summary>
    public event Action? Changed;

    /// <summary>Every class that was ever told of: an interface keeps its class while nobody hosts it.</summary>
    public IReadOnlyList<ClassDescription> All => [.. _now.Classes.Values];

    /// <summary>Takes classes in, whoever may host them.</summary>
    public void Learn(IReadOnlyList<ClassDescription> classes) => Change(() => Add(classes));

    /// <summary>Sets what a silo hosts.</summary>
    public void Set(SiloAddress silo, IReadOnlyList<ClassDescription> classes) => Change(() => _bySilo[silo] = classes);

    public void Remove(SiloAddress silo)
    {
        lock (_gate)
            if (!_bySilo.ContainsKey(silo)) return;
        Change(() => _bySilo.Remove(silo));
    }

    public bool Knows(SiloAddress silo)
    {
        lock (_gate) return _bySilo.ContainsKey(silo);
    }

    public ClassDescription? Find(GrainType type) => _now.Classes.GetValueOrDefault(type);

    /// <summary>Who hosts a class; dead ones perhaps among them.</summary>
    public IReadOnlyList<SiloAddress> HostsOf(GrainType type) => _now.Hosts.GetValueOrDefault(type) ?? [];

    public GrainType Resolve(Type interfaceType, string? classNamePrefix)
    {
        var now = _now;
        if (!string.IsNullOrWhiteSpace(classNamePrefix)) return Search(now, interfaceType, classNamePrefix);
        return now.Resolved.TryGetValue(interfaceType, out var known) ? known : now.Resolved.GetOrAdd(interfaceType, it => Search(now, it, null));
    }

    private static GrainType Search(Snapshot now, Type interfaceType, string? prefix)
    {
        var name = WireNames.NameOf(interfaceType).ToString();
        var found = now.Classes.Values.Where(it => it.Interfaces.Contains(name)
            && (prefix is null || it.Name.StartsWith(prefix, StringComparison.Ordinal))).ToArray();
        // Of several the one that is named after the interface.
        var primary = found.Length == 1
            ? found[0]
            : found.SingleOrDefault(it => prefix is null ? $"I{it.ShortName}" == interfaceType.Name : it.Name == prefix);
        if (primary is not null) return primary.GrainType;
        throw new ArgumentException(found.Length == 0
            ? $"Could not find an implementation for interface {interfaceType}{(prefix is null ? "" : $" with class name prefix \"{prefix}\"")}. Hosted: {now}."
            : $"Unable to identify a single appropriate grain type for interface {interfaceType}. Candidates: {string.Join(", ", found.Select(it => it.Name))}.");
    }

    private void Add(IEnumerable<ClassDescription> classes)
    {
        foreach (var description in classes) _all[description.GrainType] = description;
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            foreach (var classes in _bySilo.Values) Add(classes);
            _now = new Snapshot(
                new Dictionary<GrainType, ClassDescription>(_all),
                _bySilo.SelectMany(silo => silo.Value.Select(it => (it.GrainType, Silo: silo.Key)))
                    .GroupBy(it => it.GrainType).ToDictionary(it => it.Key, it => it.Select(host => host.Silo).Order().ToArray()));
        }

        Changed?.Invoke();
    }

    private sealed record Snapshot(Dictionary<GrainType, ClassDescription> Classes, Dictionary<GrainType, SiloAddress[]> Hosts)
    {
        public ConcurrentDictionary<Type, GrainType> Resolved { get; } = new();

        public override string ToString() => Classes.Count == 0 ? "no class" : string.Join(", ", Classes.Keys.Order());
    }
}
