using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Sampling;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>Views per processor second, from decoded 8-bit pixels to the normalised fp32 tensor.</summary>
internal sealed class AugmentationRow(string preset, int width, int height, int views) : Contestant
{
    private readonly PixelBuffer[] _images = new PixelBuffer[32];
    private ViewAugmenter _augmenter = null!;
    private byte[] _view = [];
    private long _sample;

    protected override void Prepare()
    {
        var recipe = AugmentationPresets.Get(preset);
        _augmenter = new ViewAugmenter(recipe, 3, ViewLayout.Nchw, ViewPrecision.Float32);
        _view = new byte[_augmenter.BytesPerView];
        for (var i = 0; i < _images.Length; i++) _images[i] = Pictures.Smooth(width, height, (ulong)i);

        // Until tiered compilation has settled.
        for (var round = 0; round < 10; round++) Measure();
    }

    protected override double Measure()
    {
        var seconds = CpuSeconds(() =>
        {
            for (var i = 0; i < views; i++, _sample++)
            {
                _augmenter.Augment(_images[i % _images.Length], new ViewKey(7, 0, _sample, i & 1), _view);
            }
        });
        return views / seconds;
    }
}
