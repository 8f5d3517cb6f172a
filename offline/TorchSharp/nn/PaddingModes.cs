namespace TorchSharp;

/// <summary>What stands around an image.</summary>
public enum PaddingModes
{
    Zeros = 0,
    Reflect = 1,
    Replicate = 2,
    Circular = 3,
    Constant = 4,
}

/// <summary>Paddings by what they do to the size.</summary>
public enum Padding
{
    Valid = 0,
    Same = 1,
}
