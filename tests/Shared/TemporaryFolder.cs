namespace OrleansContrastive.Tests.Shared;

/// <summary>A fresh folder, gone with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>Where it lies.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("contrastive-test-").FullName;

    /// <summary>Where a file of that name lies in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
