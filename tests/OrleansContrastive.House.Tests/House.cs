namespace OrleansContrastive.House.Tests;

/// <summary>Where the checkout under test lies.</summary>
internal static class House
{
    /// <summary>The folder that holds the solution file, found upward from the test's own output.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansContrastive.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"OrleansContrastive.sln lies in no folder above {AppContext.BaseDirectory}.");
    }
}
