using System.Collections.Concurrent;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Grains.Silos;

/// <summary>The data sets of this silo, each opened once. Safe for all threads.</summary>
public sealed class DatasetShelf : IDisposable
{
    private readonly ConcurrentDictionary<DatasetRequest, Lazy<IImageDataset>> _open = new();

    /// <summary>The images that a run learns from.</summary>
    /// <exception cref="InvalidOperationException">This silo's copy is not the one that the run was started with.</exception>
    public IImageDataset Training(DatasetSpec spec)
    {
        var dataset = Open(spec, spec.Split);
        return dataset.Fingerprint == spec.Fingerprint
            ? dataset
            : throw new InvalidOperationException(
                $"Data set {spec.Name} ({spec.Split}) here is not the run's: expected {spec.Fingerprint}, found {dataset.Fingerprint}.");
    }

    /// <summary>The images that a run is judged on.</summary>
    public IImageDataset Test(DatasetSpec spec) => Open(spec, spec.TestSplit);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var dataset in _open.Values)
        {
            if (dataset.IsValueCreated) dataset.Value.Dispose();
        }
    }

    private IImageDataset Open(DatasetSpec spec, string split)
    {
        var request = new DatasetRequest
        {
            Name = spec.Name,
            Split = split,
            DataPath = spec.Path,
            Channels = spec.Channels,
            MinimumSize = spec.ImageSize,
            FrameSize = spec.FrameSize,
            Frames = Enum.Parse<FrameSpacing>(spec.Frames, ignoreCase: true),
        };
        return _open.GetOrAdd(request, key => new(() => DatasetCatalog.Open(key))).Value;
    }
}
