namespace OrleansContrastive.Cli;

/// <summary>Folders of runs.</summary>
internal static class RunFolder
{
    /// <summary>The folder, which must hold a run.</summary>
    /// <exception cref="UsageException">It does not.</exception>
    public static string Existing(string folder) => File.Exists(Path.Combine(folder, RunSession.LogName))
        ? folder
        : throw new UsageException($"'{folder}' holds no run: there is no '{RunSession.LogName}' in it.");
}
