using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>
/// Fills the grain classes and interfaces from the assemblies of the process that reference this one, loaded or referenced.
/// Runs before the host's own configuration, which may remove some.
/// </summary>
internal sealed class GrainTypeDiscovery : IConfigureOptions<GrainTypeOptions>
{
    public void Configure(GrainTypeOptions options)
    {
        foreach (var type in Assemblies().SelectMany(TypesOf))
        {
            if (type.IsInterface && typeof(IGrain).IsAssignableFrom(type)) options.Interfaces.Add(type);
            else if (GrainClass.IsGrainClass(type)) options.Classes.Add(type);
        }
    }

    /// <summary>The assemblies of the process that reference this one.</summary>
    internal static List<Assembly> Assemblies()
    {
        var own = typeof(IGrain).Assembly;
        var seen = new HashSet<string>();
        var found = new List<Assembly>();
        var open = new Stack<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic));
        while (open.TryPop(out var assembly))
        {
            if (assembly.FullName is not { } name || !seen.Add(name)) continue;
            var references = assembly.GetReferencedAssemblies();
            if (references.Any(reference => reference.Name == own.GetName().Name)) found.Add(assembly);
            foreach (var reference in references)
                if (!IsFramework(reference.Name!) && Load(reference) is { } loaded) open.Push(loaded);
        }

        return found;
    }

    private static bool IsFramework(string name) =>
        name is "mscorlib" or "netstandard" || name.StartsWith("System", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static Assembly? Load(AssemblyName name)
    {
        try
        {
            return AssemblyLoadContext.Default.LoadFromAssemblyName(name);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            // An optional reference that is not shipped holds no grain of ours.
            return null;
        }
    }

    internal static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>();
        }
    }
}
