using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>How many workers a run shall have from now on. Null leaves a number as it is.</summary>
/// <param name="Encoders">Encoders; at least 1.</param>
/// <param name="KeyEncoders">Momentum encoders; at least 1.</param>
/// <param name="Augmentations">Augmentation workers; at least 1.</param>
[GenerateSerializer, Immutable, Alias("oc.scale-request")]
public sealed record ScaleRequest(
    [property: Id(0)] int? Encoders = null,
    [property: Id(1)] int? KeyEncoders = null,
    [property: Id(2)] int? Augmentations = null);
