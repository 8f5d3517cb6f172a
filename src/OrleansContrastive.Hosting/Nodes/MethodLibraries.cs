using System.Reflection;
using System.Runtime.Loader;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Methods of users' own: assemblies whose <see cref="IMethodModule"/>s join <see cref="MethodRegistry.Shared"/>. Every process that
/// takes part in a run of such a method loads them when it starts.</summary>
public static class MethodLibraries
{
    /// <summary>The environment variable that names them, with the platform's path separator between files.</summary>
    public const string Variable = "OC_METHODS";

    private static readonly Lock Loading = new();
    private static readonly HashSet<Assembly> Loaded = [];

    /// <summary>Loads the files of a list, and those of <see cref="Variable"/>. A file that is loaded already is passed over.</summary>
    /// <param name="files">Files with the platform's path separator between them; null or empty = none.</param>
    /// <exception cref="ArgumentException">A file is missing, is no assembly, has no module, or has a method whose name is taken.</exception>
    public static void Load(string? files)
    {
        foreach (var file in Split(files).Concat(Split(Environment.GetEnvironmentVariable(Variable)))) LoadOne(file);
    }

    private static IEnumerable<string> Split(string? files) =>
        (files ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static void LoadOne(string file)
    {
        var path = Path.GetFullPath(file);
        if (!File.Exists(path)) throw new ArgumentException($"Methods: there is no file {path}.");
        lock (Loading)
        {
            try
            {
                var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
                if (Loaded.Contains(assembly)) return;
                // What it needs besides the program's own assemblies lies beside it.
                AssemblyLoadContext.Default.Resolving += (context, name) =>
                    Path.Combine(Path.GetDirectoryName(path)!, $"{name.Name}.dll") is var beside && File.Exists(beside) ? context.LoadFromAssemblyPath(beside) : null;
                MethodRegistry.Shared.Load(assembly);
                Loaded.Add(assembly);
            }
            catch (Exception exception) when (exception is BadImageFormatException or FileLoadException)
            {
                throw new ArgumentException($"Methods: {path} is no assembly that can be loaded here: {exception.Message}", exception);
            }
            catch (Exception exception) when (exception is ArgumentException or TypeLoadException or FileNotFoundException or MissingMethodException or TargetInvocationException)
            {
                throw new ArgumentException($"Methods: {path}: {(exception.InnerException ?? exception).Message}", exception);
            }
        }
    }
}
