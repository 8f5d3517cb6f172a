namespace OrleansContrastive.Tests.Shared;

/// <summary>The assembly of a user's own method; loaded by its path, never referenced.</summary>
internal static class ExampleMethod
{
    /// <summary>Where the build puts it: beside the test project's own output.</summary>
    public static string File { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "OrleansContrastive.ExampleMethod", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "OrleansContrastive.ExampleMethod.dll"));
}
