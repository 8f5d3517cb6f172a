using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Encoders;

/// <summary>Layers that a method puts beside encoder and projection head: a predictor, prototypes, a classifier. Their parameters are trained,
/// averaged and stored like all others, under <c>name.…</c>.</summary>
/// <param name="Name">Name of the part, unlike <c>encoder</c> and <c>head</c>.</param>
/// <param name="Create">Makes the module. It draws all of its weights from the context, and its batch norms record their moments
/// (<see cref="IRunningStatistics"/>).</param>
public sealed record ModelPart(string Name, Func<LayerContext, ModelWidths, nn.Module> Create);

/// <summary>Widths that a part may depend on.</summary>
/// <param name="Features">F, what the encoder gives.</param>
/// <param name="Embedding">D, what the projection head gives.</param>
public readonly record struct ModelWidths(int Features, int Embedding);
