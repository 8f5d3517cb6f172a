using System.Text.Json;

namespace OrleansContrastive.Data.Tests.Decoding;

/// <summary>Small image files and what Pillow decodes from them; made by make_fixtures.py.</summary>
internal static class Fixtures
{
    private static readonly string Folder = Path.Combine(SourceFolder(), "fixtures");

    /// <summary>The images by name, in ordinal order; each has NAME.rgb and NAME.grey.</summary>
    public static IReadOnlyList<string> Images { get; } =
        [.. Sizes().Keys.Where(name => !name.StartsWith("large.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static Dictionary<string, int[]> Sizes() =>
        JsonSerializer.Deserialize<Dictionary<string, int[]>>(Bytes("sizes.json"))!;

    public static (int Width, int Height) Size(string name) => (Sizes()[name][0], Sizes()[name][1]);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    // Upward from the test's own output: the files are read where they lie in the checkout.
    private static string SourceFolder()
    {
        const string Here = "tests/OrleansContrastive.Data.Tests/Decoding";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, Here)))
                return Path.Combine(folder.FullName, Here);
        }

        throw new InvalidOperationException($"{Here} lies in no folder above {AppContext.BaseDirectory}.");
    }
}
