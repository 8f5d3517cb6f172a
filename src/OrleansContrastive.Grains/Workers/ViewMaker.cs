using System.Collections.Concurrent;
using System.Text.Json;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Sampling;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Methods.Frame;

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

    /// <summary>What the method asks for.</summary>
    public MethodPlan Plan { get; }

    public ViewMaker(RunSpec spec, IImageDataset dataset)
    {
        _spec = spec;
        _dataset = dataset;
        Plan = MethodFactory.Plan(spec);
        if (Plan.NeedsLabels && !dataset.HasLabels)
            throw new ArgumentException($"Method {spec.Method} learns from classes; data set {spec.Dataset.Name} has none.");
        _recipes = [.. spec.Augmentations.Select(json => JsonSerializer.Deserialize<AugmentationRecipe>(json)!)];
    }

    /// <summary>All views of a lease, by number.</summary>
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
        var bytes = bench.Augmenters.Select(augmenter => augmenter.BytesPerView).ToArray();
        var pixels = bytes.Select(size => GC.AllocateUninitializedArray<byte>(size * _spec.LeaseSize)).ToArray();
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
                bench.Augmenters[view].Augment(bench.Image, key, pixels[view].AsSpan(samples.Count * bytes[view], bytes[view]));
            }

            samples.Add(sample);
        }

        long[] ids = [.. samples];
        string[] problems = [.. broken];
        long[] labels = Plan.NeedsLabels ? [.. ids.Select(id => (long)_dataset.Label((int)id))] : [];
        return [.. pixels.Select((view, number) => new ViewBatch
        {
            Views = Block(view.AsMemory(0, ids.Length * bytes[number]), ids.Length, _recipes[number].Size),
            SampleIds = ids,
            Broken = problems,
            Labels = labels,
        })];
    }

    private TensorBlock Block(ReadOnlyMemory<byte> pixels, int count, int size) =>
        new(ElementType.Float32, [count, _spec.Dataset.Channels, size, size], pixels);

    /// <summary>What one thread works with.</summary>
    private sealed class Bench(ViewMaker maker)
    {
        public PixelBuffer Image { get; } = new();

        public ViewAugmenter[] Augmenters { get; } =
            [.. maker._recipes.Select(recipe => new ViewAugmenter(recipe, maker._spec.Dataset.Channels, ViewLayout.Nchw, ViewPrecision.Float32))];
    }
}
