namespace OrleansContrastive.Data.Datasets;

/// <summary>Where fetched things lie, data sets among them: <c>$OC_CACHE/datasets</c>, or <c>orleans-contrastive/datasets</c> in the user's
/// cache folder (<c>$XDG_CACHE_HOME</c>, else <c>~/.cache</c>).</summary>
public static class DatasetCache
{
    /// <summary>The folder of all data sets; it need not exist.</summary>
    public static string Root => Path.Combine(CacheRoot, "datasets");

    /// <summary>The folder of one data set; it need not exist.</summary>
    public static string Folder(string name) => Path.Combine(Root, name);

    /// <summary>The folder of everything that is fetched; it need not exist.</summary>
    public static string CacheRoot
    {
        get
        {
            if (Environment.GetEnvironmentVariable("OC_CACHE") is { Length: > 0 } own)
                return Path.GetFullPath(own);
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } shared)
                return Path.Combine(Path.GetFullPath(shared), "orleans-contrastive");
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), ".cache", "orleans-contrastive");
        }
    }
}
