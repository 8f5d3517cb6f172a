namespace OrleansContrastive.Cli.Experiments;

/// <summary>The folder that an experiment fills with runs and results.</summary>
internal static class ExperimentFolder
{
    /// <summary>Makes it.</summary>
    /// <exception cref="UsageException">Something is there already and may not be replaced.</exception>
    public static void Begin(string folder, bool force)
    {
        if (!force && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new UsageException($"'{folder}' is not empty. Give another --out, or --force to replace its runs and results.");
        Directory.CreateDirectory(folder);
    }
}
