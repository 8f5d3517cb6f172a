using System.Collections.Concurrent;
using System.Text.Json;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Grains.Workers;

/// <summary>
/// Makes the views of a lease. What comes out depends on the spec and the lease alone, not on who makes it.
/// Safe for all threads; one lease is made by one thread.
/// </summary>
internal sealed class ViewMaker
{
    private readonly RunSpec _spec;
    private readonly IImageDataset _dataset;
    private readonly AugmentationRecipe[] _recipes;
    private readonly ConcurrentBag<Bench> _benches = [];

    public ViewMaker(RunSpec spec, IImageDataset dataset)
    {
        _spec = spec;
        _dataset = dataset;
        _recipes = [.. spec.Augmentations.Select(json => JsonSerializer.Deserialize<AugmentationRecipe>(json)!)];
    }

    /// <summary>Both branches of a lease: query views and key views.</summary>
    public ViewBatch[] Make(LeaseId lease)
    {
        if (!_benches.TryTake(out var bench)) bench = new(this);
        try
        {
            return Make(lease, bench);
        }
        finally
        {
            _benches.Add(bench);
        }
    }

    private ViewBatch[] Make(LeaseId lease, Bench bench)
    {
        var order = new EpochOrder(_spec.Dataset.Count, _spec.Seed, lease.Epoch);
        var bytes = bench.Augmenters[0].BytesPerView;
        var pixels = _recipes.Select(_ => GC.AllocateUninitializedArray<byte>(bytes * _spec.LeaseSize)).ToArray();
        var samples = new List<long>(_spec.LeaseSize);
        var broken = new List<string>();
        for (var i = 0; i < _spec.LeaseSize; i++)
        {
            var sample = order[((long)lease.Index * _spec.LeaseSize) + i];
            try
            {
                _dataset.Read((int)sample, bench.Image);
            }
            catch (DatasetException exception)
            {
                broken.Add(exception.Message);
                continue;
            }

            for (var view = 0; view < bench.Augmenters.Length; view++)
            {
                var key = new ViewKey(_spec.Seed, lease.Epoch, sample, view);
                bench.Augmenters[view].Augment(bench.Image, key, pixels[view].AsSpan(samples.Count * bytes, bytes));
            }

            samples.Add(sample);
        }

        long[] ids = [.. samples];
        string[] problems = [.. broken];
        return [.. pixels.Select(view => new ViewBatch { Views = Block(view.AsMemory(0, ids.Length * bytes), ids.Length), SampleIds = ids, Broken = problems })];
    }

    private TensorBlock Block(ReadOnlyMemory<byte> pixels, int count) =>
        new(ElementType.Float32, [count, _spec.Dataset.Channels, _recipes[0].Size, _recipes[0].Size], pixels);

    /// <summary>What one thread works with.</summary>
    private sealed class Bench(ViewMaker maker)
    {
        public PixelBuffer Image { get; } = new();

        public ViewAugmenter[] Augmenters { get; } =
            [.. maker._recipes.Select(recipe => new ViewAugmenter(recipe, maker._spec.Dataset.Channels, ViewLayout.Nchw, ViewPrecision.Float32))];
    }
}
