namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>A data set could not be had from anywhere: every source that was tried, and why it failed.</summary>
public sealed class DatasetFetchException : Exception
{
    /// <param name="name">The data set.</param>
    /// <param name="failures">Each source with its reason, in the order tried.</param>
    public DatasetFetchException(string name, IReadOnlyList<(string Source, string Reason)> failures)
        : base($"Data set \"{name}\" could not be fetched. "
            + string.Join(" ", failures.Select(failure => $"{failure.Source}: {Sentence(failure.Reason)}"))) =>
        (Name, Failures) = (name, failures);

    /// <summary>The data set.</summary>
    public string Name { get; }

    /// <summary>Each source with its reason, in the order tried.</summary>
    public IReadOnlyList<(string Source, string Reason)> Failures { get; }

    private static string Sentence(string reason) => reason.TrimEnd('.', ' ', '\n') + ".";
}
