namespace OrleansContrastive.Benchmarks;

/// <summary>The checkout that this program was built from.</summary>
internal static class Checkout
{
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
