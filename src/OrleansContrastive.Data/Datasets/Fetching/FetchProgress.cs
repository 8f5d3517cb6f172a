namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>How far a fetch is.</summary>
/// <param name="Source">Where from, as "Debian package dataset-fashion-mnist".</param>
/// <param name="Step">What is being done, as "downloading train-images-idx3-ubyte.gz".</param>
/// <param name="BytesDone">Bytes of this step so far; 0 where it cannot be told.</param>
/// <param name="BytesTotal">Bytes of this step in all, or null.</param>
public readonly record struct FetchProgress(string Source, string Step, long BytesDone = 0, long? BytesTotal = null);
