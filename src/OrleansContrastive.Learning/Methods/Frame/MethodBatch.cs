using OrleansContrastive.Learning.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What <see cref="IContrastiveMethod.Encode"/> gets.</summary>
public sealed class MethodBatch
{
    /// <summary>The query network; gradients are added to its parameters.</summary>
    public required nn.Module<Tensor, Tensor> Network { get; init; }

    /// <summary>One tensor for each of the plan's query views, [B, C, H, W].</summary>
    public required IReadOnlyList<Tensor> Views { get; init; }

    /// <summary>Sample of each image.</summary>
    public required long[] SampleIds { get; init; }

    /// <summary>Class of each image; empty where there are none.</summary>
    public long[] Labels { get; init; } = [];

    /// <summary>Where the run stands.</summary>
    public StepPosition Position { get; init; } = new(0, 0, 0);

    /// <summary>Images, B.</summary>
    public int Count => (int)Views[0].shape[0];

    /// <summary>The network with its named parts.</summary>
    /// <exception cref="InvalidOperationException">It is another kind of module.</exception>
    public ContrastiveModel Model => Network as ContrastiveModel
        ?? throw new InvalidOperationException($"The method needs a {nameof(ContrastiveModel)} with its parts; found {Network.GetType().Name}.");
}

/// <summary>Where in a run a step is.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Lease">Lease, or step of a plain loop: what draws differ by.</param>
/// <param name="Epoch">Epochs behind it, with the fraction of the one it is in.</param>
public readonly record struct StepPosition(ulong Seed, long Lease, double Epoch);
