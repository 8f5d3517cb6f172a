using System.Collections.Concurrent;
using System.Reflection;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>Registers the methods of an assembly. A public class with a parameterless constructor; every silo and every client that takes part
/// in a run of these methods loads the assembly (<see cref="MethodRegistry.Load"/>).</summary>
public interface IMethodModule
{
    /// <summary>Adds the methods.</summary>
    void Register(MethodRegistry registry);
}

/// <summary>All methods by name. Thread-safe.</summary>
public sealed class MethodRegistry
{
    private readonly ConcurrentDictionary<string, MethodEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>The methods of this process: those that come with the program and those of loaded assemblies.</summary>
    public static MethodRegistry Shared { get; } = WithBuiltIn();

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds a method.</summary>
    /// <exception cref="ArgumentException">There is one of this name already.</exception>
    public void Add(MethodEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_entries.TryAdd(entry.Name, entry))
            throw new ArgumentException($"There is a method '{entry.Name}' already: {_entries[entry.Name].About}", nameof(entry));
    }

    /// <summary>Adds the methods of all <see cref="IMethodModule"/>s of an assembly.</summary>
    /// <exception cref="ArgumentException">It has none.</exception>
    public void Load(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var modules = assembly.GetExportedTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IMethodModule))).ToList();
        if (modules.Count == 0)
            throw new ArgumentException($"Assembly {assembly.GetName().Name} has no public class that implements {nameof(IMethodModule)}.", nameof(assembly));
        foreach (var module in modules) ((IMethodModule)Activator.CreateInstance(module)!).Register(this);
    }

    /// <summary>The method of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public MethodEntry Find(string name) => _entries.TryGetValue(name, out var entry)
        ? entry
        : throw new ArgumentException($"Unknown method '{name}'; known are: {string.Join(", ", Names)}.", nameof(name));

    private static MethodRegistry WithBuiltIn()
    {
        var registry = new MethodRegistry();
        new BuiltInMethods().Register(registry);
        return registry;
    }
}
