namespace OrleansContrastive.Data.Augmentation;

/// <summary>One operation of <see cref="ColorJitter"/>.</summary>
public enum JitterOperation : byte
{
    /// <summary>Multiplies all values.</summary>
    Brightness,

    /// <summary>Blends with the mean of the grey view.</summary>
    Contrast,

    /// <summary>Blends with the grey view.</summary>
    Saturation,

    /// <summary>Turns the colour circle.</summary>
    Hue,
}

/// <summary>The order in which a view's colours are jittered.</summary>
/// <param name="First">The first operation.</param>
/// <param name="Second">The second operation.</param>
/// <param name="Third">The third operation.</param>
/// <param name="Fourth">The fourth operation.</param>
public readonly record struct JitterOrder(
    JitterOperation First, JitterOperation Second, JitterOperation Third, JitterOperation Fourth)
{
    /// <summary>Brightness, contrast, saturation, hue.</summary>
    public static JitterOrder Usual { get; } = new(
        JitterOperation.Brightness, JitterOperation.Contrast, JitterOperation.Saturation, JitterOperation.Hue);

    /// <summary>The operation at a place.</summary>
    /// <param name="place">The place, 0 to 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">The place is not in [0, 3].</exception>
    public JitterOperation this[int place] => place switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        3 => Fourth,
        _ => throw new ArgumentOutOfRangeException(nameof(place), place, "A jitter order has the places 0 to 3."),
    };
}
