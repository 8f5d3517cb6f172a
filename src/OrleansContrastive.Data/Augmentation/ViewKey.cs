namespace OrleansContrastive.Data.Augmentation;

/// <summary>Names one view of one sample; equal keys give equal pixels, whoever renders them.</summary>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Sample">The sample's id in its data set.</param>
/// <param name="View">The number of the view, from 0.</param>
public readonly record struct ViewKey(ulong Seed, int Epoch, long Sample, int View);
