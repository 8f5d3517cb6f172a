namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>A file that a complete data set has.</summary>
/// <param name="Name">Its name, uncompressed.</param>
/// <param name="Length">Its length in bytes, uncompressed.</param>
/// <param name="Sha256">SHA-256 of its uncompressed content, in lower-case hexadecimal digits.</param>
internal sealed record DatasetFile(string Name, long Length, string Sha256);

/// <summary>A place that a data set can be had from.</summary>
internal interface IDatasetSource
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Brings the files here, as such or with .gz.</summary>
    /// <param name="files">The files that are wanted.</param>
    /// <param name="workFolder">A folder of this source's own, kept between attempts that failed.</param>
    /// <param name="report">Takes the progress.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Where each file lies, by its name.</returns>
    /// <exception cref="FetchFailure">This source does not answer, or lacks a file.</exception>
    Task<IReadOnlyDictionary<string, string>> BringAsync(
        IReadOnlyList<DatasetFile> files,
        string workFolder,
        Action<FetchProgress> report,
        CancellationToken cancellationToken);
}

/// <summary>Why one source failed; the next one is tried.</summary>
internal sealed class FetchFailure(string reason, Exception? innerException = null) : Exception(reason, innerException);
