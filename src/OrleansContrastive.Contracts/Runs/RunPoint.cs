namespace OrleansContrastive.Contracts.Runs;

/// <summary>Means over consecutive commits of a run.</summary>
/// <param name="Samples">Samples applied at the last of them.</param>
/// <param name="Commits">How many they are.</param>
/// <param name="Loss">Mean loss.</param>
/// <param name="ChanceLevel">Loss of an encoder that knows nothing.</param>
/// <param name="Accuracy">Contrastive accuracy.</param>
/// <param name="Staleness">Versions between a gradient's weights and its place in the order.</param>
/// <param name="KeyLag">Versions between the key weights used and the newest.</param>
public sealed record RunPoint(long Samples, int Commits, double Loss, double ChanceLevel, double Accuracy, double Staleness, double KeyLag);
