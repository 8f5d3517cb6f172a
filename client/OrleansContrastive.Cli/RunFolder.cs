namespace OrleansContrastive.Cli;

/// <summary>Folders of runs.</summary>
internal static class RunFolder
{
    /// <summary>The folder, which must hold a run.</summary>
    /// <exception cref="UsageException">It does not.</exception>
    public static string Existing(string folder) => File.Exists(Path.Combine(folder, RunSession.LogName))
        ? folder
        : throw new UsageException($"'{folder}' holds no run: there is no '{RunSession.LogName}' in it.");

    /// <summary>Takes away what a run that was refused before it began has left in a folder that was empty.</summary>
    /// <param name="folder">The folder; it need not be there.</param>
    /// <param name="whole">The folder itself as well.</param>
    public static void Clear(string folder, bool whole)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in Directory.GetFiles(folder)) File.Delete(file);
        foreach (var inner in Directory.GetDirectories(folder)) Directory.Delete(inner, recursive: true);
        if (whole) Directory.Delete(folder);
    }
}
