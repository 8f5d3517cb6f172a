using OrleansContrastive.Data.Datasets;

namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// Renders views of images by one recipe: from 8-bit pixels to the normalised tensor that an encoder asks for. Equal keys
/// give equal bytes on every machine. Allocates nothing per view once its buffers have grown to the largest crop.
/// One thread a time: give each its own.
/// </summary>
public sealed class ViewAugmenter
{
    // Colours are worked on in chunks that stay in the first-level cache.
    private const int ChunkPixels = 1024;

    private readonly AugmentationRecipe _recipe;
    private readonly int _channels;
    private readonly int _rowStride;
    private readonly int _planeLength;
    private readonly int _chunkRows;
    private readonly CropResizer _resizer;
    private readonly GaussianBlur _blur;
    private readonly ViewWriter _writer;
    private readonly float[] _planes;
    private readonly float[] _blurredRow;

    /// <summary>Prepares the rendering of views.</summary>
    /// <param name="recipe">How views are made.</param>
    /// <param name="channels">The images' channels: 1 or 3.</param>
    /// <param name="layout">The order of a view's values.</param>
    /// <param name="precision">The type of a view's values.</param>
    /// <exception cref="ArgumentException">The recipe has a value out of range, or per-channel values of another number
    /// than <paramref name="channels"/> (see <see cref="AugmentationRecipe.ForChannels"/>); all are named.</exception>
    public ViewAugmenter(AugmentationRecipe recipe, int channels, ViewLayout layout, ViewPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "A view has 1 or 3 channels.");
        var problems = recipe.Problems();
        if (problems.Count > 0) throw new ArgumentException(string.Join(' ', problems), nameof(recipe));
        if (!AugmentationRecipe.Fits(recipe.Mean, channels) || !AugmentationRecipe.Fits(recipe.Std, channels))
        {
            throw new ArgumentException(
                $"Augmentation Mean and Std must have 1 or {channels} values for images of {channels} channels, "
                + $"found {recipe.Mean.Length} and {recipe.Std.Length}.", nameof(recipe));
        }

        _recipe = recipe;
        _channels = channels;
        _rowStride = (recipe.Size + 7) / 8 * 8;
        _planeLength = recipe.Size * _rowStride;
        _chunkRows = Math.Max(1, ChunkPixels / _rowStride);
        _resizer = new CropResizer(channels, _rowStride);
        _blur = new GaussianBlur(recipe.Size, _rowStride, channels, recipe.EffectiveBlurKernel);
        _writer = new ViewWriter(recipe, channels, _rowStride, layout, precision);
        _planes = new float[channels * _planeLength];
        _blurredRow = new float[channels * _rowStride];
        BytesPerView = channels * recipe.Size * recipe.Size * (precision == ViewPrecision.BFloat16 ? 2 : 4);
    }

    /// <summary>The length of one view: <c>channels x size x size</c> values.</summary>
    public int BytesPerView { get; }

    /// <summary>Renders the view that a key names.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="key">The view.</param>
    /// <param name="destination">Receives <see cref="BytesPerView"/> bytes.</param>
    /// <exception cref="ArgumentException">The image has other channels, or the destination another length.</exception>
    public void Augment(PixelBuffer image, in ViewKey key, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        Apply(image, ViewSampler.Draw(_recipe, image.Width, image.Height, key), destination);
    }

    /// <summary>Renders the view of given parameters.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="parameters">The view's parameters.</param>
    /// <param name="destination">Receives <see cref="BytesPerView"/> bytes.</param>
    /// <exception cref="ArgumentException">The image has other channels, a parameter is out of range, or the destination
    /// has another length.</exception>
    public void Apply(PixelBuffer image, in ViewParameters parameters, Span<byte> destination)
    {
        Check(image, destination);
        parameters.ThrowIfOutOfRange(image.Width, image.Height);
        var size = _recipe.Size;
        _resizer.Begin(
            image.Width, parameters.CropX, parameters.CropY, parameters.CropWidth, parameters.CropHeight, size, size, 0, 0,
            size, parameters.Flip);
        Render(image.Pixels, parameters, destination);
    }

    /// <summary>
    /// Renders the plain view for evaluation: the shorter side is resized to the recipe's length where it differs, the
    /// centre is cut out, and nothing is random.
    /// </summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="destination">Receives <see cref="BytesPerView"/> bytes.</param>
    /// <exception cref="ArgumentException">The image has other channels, or the destination another length.</exception>
    public void Plain(PixelBuffer image, Span<byte> destination)
    {
        Check(image, destination);
        var (size, width, height) = (_recipe.Size, image.Width, image.Height);
        var (targetWidth, targetHeight) = (width, height);
        if (width != size || height != size)
        {
            // torchvision's Resize cuts the longer side to a whole number.
            var shorter = _recipe.EffectivePlainShorterSide;
            targetWidth = width <= height ? shorter : (int)((long)shorter * width / height);
            targetHeight = height <= width ? shorter : (int)((long)shorter * height / width);
        }

        var x = (int)Math.Round((targetWidth - size) / 2.0);
        var y = (int)Math.Round((targetHeight - size) / 2.0);
        _resizer.Begin(image.Width, 0, 0, width, height, targetWidth, targetHeight, x, y, size, flip: false);
        Render(image.Pixels, ViewParameters.Whole(width, height), destination);
    }

    private void Check(PixelBuffer image, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Channels != _channels)
            throw new ArgumentException($"The image must have {_channels} channels, found {image.Channels}.", nameof(image));
        if (destination.Length != BytesPerView)
        {
            throw new ArgumentException(
                $"A view takes {BytesPerView} bytes, the destination has {destination.Length}.", nameof(destination));
        }
    }

    // Two sweeps over the planes, chunk by chunk: everything up to the contrast, which needs the mean of the whole view,
    // and everything after it, just ahead of the rows that are blurred and written.
    private void Render(ReadOnlySpan<byte> pixels, in ViewParameters parameters, Span<byte> destination)
    {
        var size = _recipe.Size;
        var colors = new ColorChain(parameters, _channels, _recipe.GrayscaleFirst);
        for (var row = 0; row < size; row += _chunkRows)
        {
            var rows = Math.Min(_chunkRows, size - row);
            _resizer.Next(pixels, rows, _planes, row * _rowStride, _planeLength);
            colors.BeforeContrast(Chunk(row, rows));
        }

        colors.SetMean((double)size * size);
        var blurred = parameters.BlurSigma > 0;
        if (blurred) _blur.Begin(parameters.BlurSigma);
        var ahead = blurred ? _blur.Reach : 0;
        var ready = 0;
        for (var row = 0; row < size; row++)
        {
            for (; ready < Math.Min(size, row + ahead + 1); ready += _chunkRows)
                colors.FromContrast(Chunk(ready, Math.Min(_chunkRows, size - ready)));

            var red = FinishedRow(0, row, blurred, parameters.Solarize);
            if (colors.LivePlanes == 1)
            {
                _writer.Write(red, row, destination);
                continue;
            }

            var green = FinishedRow(1, row, blurred, parameters.Solarize);
            var blue = FinishedRow(2, row, blurred, parameters.Solarize);
            _writer.Write(red, green, blue, row, destination);
        }
    }

    private Span<float> FinishedRow(int plane, int row, bool blurred, bool solarized)
    {
        var source = _planes.AsSpan(plane * _planeLength, _planeLength);
        var finished = source.Slice(row * _rowStride, _rowStride);
        if (blurred)
        {
            finished = _blurredRow.AsSpan(plane * _rowStride, _rowStride);
            _blur.Row(plane, source, row, finished);
        }

        if (solarized) ColorKernels.Solarize(finished, (float)_recipe.SolarizeThreshold);
        return finished;
    }

    private PlaneChunk Chunk(int row, int rows) =>
        new(_planes, _planeLength, row * _rowStride, rows * _rowStride, _channels);
}
