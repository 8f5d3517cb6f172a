namespace OrleansContrastive.Data.Augmentation;

/// <summary>
/// The colour operations of one view in their order, cut in two at the contrast. On one plane (a grey image, or from where
/// a view has become grey) saturation and hue do nothing, as in torchvision.
/// </summary>
internal ref struct ColorChain
{
    private readonly ViewParameters _parameters;
    private readonly bool _colour;
    private readonly bool _grayscaleFirst;
    private readonly bool _grayscaleLast;
    private readonly int _contrastPlace;
    private double _lumaSum;
    private float _mean;

    public ColorChain(in ViewParameters parameters, int channels, bool grayscaleFirst)
    {
        _parameters = parameters;
        var grayscale = parameters.Grayscale && channels == 3;
        _grayscaleFirst = grayscale && grayscaleFirst;
        _grayscaleLast = grayscale && !grayscaleFirst;
        _colour = channels == 3 && !_grayscaleFirst;

        // Without contrast there is no need for a mean, and everything comes before it.
        _contrastPlace = 4;
        for (var place = 0; place < 4; place++)
        {
            if (parameters.Order[place] == JitterOperation.Contrast && parameters.Contrast != 1) _contrastPlace = place;
        }

        LivePlanes = channels == 3 && !grayscale ? 3 : 1;
    }

    /// <summary>How many planes hold the finished view: one where all would be equal.</summary>
    public int LivePlanes { get; }

    /// <summary>Applies what comes before the contrast, and takes part in its mean.</summary>
    public void BeforeContrast(in PlaneChunk chunk)
    {
        if (_grayscaleFirst) ColorKernels.Desaturate(chunk.Red, chunk.Green, chunk.Blue);
        for (var place = 0; place < _contrastPlace; place++) Apply(_parameters.Order[place], chunk);
        if (_contrastPlace == 4)
        {
            if (_grayscaleLast) ColorKernels.Desaturate(chunk.Red, chunk.Green, chunk.Blue);
            return;
        }

        _lumaSum += _colour
            ? ColorKernels.SumLuma(chunk.Red, chunk.Green, chunk.Blue)
            : ColorKernels.Sum(chunk.Red);
    }

    /// <summary>Ends the first sweep.</summary>
    /// <param name="pixels">The number of pixels that the sum was taken over.</param>
    public void SetMean(double pixels) => _mean = (float)(_lumaSum / pixels);

    /// <summary>Applies the contrast and what comes after it.</summary>
    public readonly void FromContrast(in PlaneChunk chunk)
    {
        if (_contrastPlace == 4) return;
        for (var place = _contrastPlace; place < 4; place++) Apply(_parameters.Order[place], chunk);
        if (_grayscaleLast) ColorKernels.Desaturate(chunk.Red, chunk.Green, chunk.Blue);
    }

    private readonly void Apply(JitterOperation operation, in PlaneChunk chunk)
    {
        switch (operation)
        {
            case JitterOperation.Brightness when _parameters.Brightness != 1:
                Blend(chunk, _parameters.Brightness, 0);
                break;
            case JitterOperation.Contrast when _parameters.Contrast != 1:
                Blend(chunk, _parameters.Contrast, (1 - _parameters.Contrast) * _mean);
                break;
            case JitterOperation.Saturation when _parameters.Saturation != 1 && _colour:
                ColorKernels.Saturate(chunk.Red, chunk.Green, chunk.Blue, _parameters.Saturation);
                break;
            case JitterOperation.Hue when _parameters.Hue != 0 && _colour:
                ColorKernels.ShiftHue(chunk.Red, chunk.Green, chunk.Blue, _parameters.Hue);
                break;
        }
    }

    private readonly void Blend(in PlaneChunk chunk, float factor, float offset)
    {
        ColorKernels.Blend(chunk.Red, factor, offset);
        if (!_colour) return;
        ColorKernels.Blend(chunk.Green, factor, offset);
        ColorKernels.Blend(chunk.Blue, factor, offset);
    }
}
