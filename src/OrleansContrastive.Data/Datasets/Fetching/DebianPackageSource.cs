namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>
/// A package of the machine's Debian mirror, downloaded and unpacked without installing it, so without root. Where the
/// machine has no package lists, they are fetched into the work folder.
/// </summary>
/// <param name="package">The package's name.</param>
/// <param name="folder">Where the package puts the files, relative to the root.</param>
internal sealed class DebianPackageSource(string package, string folder) : IDatasetSource
{
    public string Name => $"Debian package {package}";

    public async Task<IReadOnlyDictionary<string, string>> BringAsync(
        IReadOnlyList<DatasetFile> files,
        string workFolder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken)
    {
        report(new FetchProgress(Name, "downloading"));
        foreach (var old in Directory.EnumerateFiles(workFolder, "*.deb"))
            File.Delete(old);
        try
        {
            await AptGetAsync(workFolder, cancellationToken, "download", package).ConfigureAwait(false);
        }
        catch (FetchFailure first)
        {
            await DownloadWithOwnListsAsync(workFolder, first, report, cancellationToken).ConfigureAwait(false);
        }

        report(new FetchProgress(Name, "unpacking"));
        var archive = Directory.EnumerateFiles(workFolder, "*.deb").FirstOrDefault()
            ?? throw new FetchFailure("apt-get download ended well and left no package");
        var unpacked = Path.Combine(workFolder, "unpacked");
        await Command.RunAsync(workFolder, cancellationToken, "dpkg", "-x", archive, unpacked).ConfigureAwait(false);
        return PackedFiles.Find(files, Path.Combine(unpacked, folder));
    }

    private async Task DownloadWithOwnListsAsync(
        string workFolder, FetchFailure first, Action<FetchProgress> report, CancellationToken cancellationToken)
    {
        var (lists, cache) = (Path.Combine(workFolder, "lists"), Path.Combine(workFolder, "cache"));
        Directory.CreateDirectory(Path.Combine(lists, "partial"));
        Directory.CreateDirectory(Path.Combine(cache, "archives", "partial"));
        string[] own = ["-o", $"Dir::State::Lists={lists}", "-o", $"Dir::Cache={cache}", "-o", "APT::Sandbox::User=root"];
        var reasons = new List<string> { first.Message };
        foreach (var (step, command) in new[] { ("reading package lists", new[] { "update" }), ("downloading", ["download", package]) })
        {
            report(new FetchProgress(Name, step));
            try
            {
                await AptGetAsync(workFolder, cancellationToken, [.. command, .. own]).ConfigureAwait(false);
            }
            catch (FetchFailure e)
            {
                // An update may complain of one of several lists and still have brought the one that is needed.
                reasons.Add(e.Message);
                if (command[0] == "download")
                    throw new FetchFailure(string.Join("; then with lists of its own: ", reasons.Distinct()), e);
            }
        }
    }

    private static Task AptGetAsync(string folder, CancellationToken cancellationToken, params string[] arguments) =>
        Command.RunAsync(
            folder,
            cancellationToken,
            "apt-get",
            [.. arguments, "-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"]);
}
