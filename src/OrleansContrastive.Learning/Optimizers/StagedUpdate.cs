namespace OrleansContrastive.Learning.Optimizers;

/// <summary>What one lease contributes to a version of a parameter shard.</summary>
/// <param name="Gradient">Flat gradient of the lease's mean loss, little-endian elements of the shard's type.</param>
/// <param name="BatchMoments">Batch-norm moments of the lease's forward pass; empty on shards that hold none.</param>
/// <param name="Samples">Number of samples behind the mean; the weight of this part.</param>
public sealed record StagedUpdate(ReadOnlyMemory<byte> Gradient, ReadOnlyMemory<byte> BatchMoments, int Samples);
