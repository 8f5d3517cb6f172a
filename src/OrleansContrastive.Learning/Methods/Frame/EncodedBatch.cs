using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What the query network made of a batch, with the graph that leads back into it.</summary>
/// <remarks>Outlives dispose scopes, so that keys and negatives may be fetched meanwhile. The network's weights must not change
/// while it lives.</remarks>
public sealed class EncodedBatch : IDisposable
{
    /// <summary>Takes the tensors out of their dispose scopes.</summary>
    /// <param name="batch">What was encoded.</param>
    /// <param name="queries">[B, D] unit rows each, to be contrasted with the memory.</param>
    /// <param name="outputs">Whatever else the loss takes.</param>
    public EncodedBatch(MethodBatch batch, IEnumerable<Tensor>? queries = null, IEnumerable<Tensor>? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        SampleIds = batch.SampleIds;
        Labels = batch.Labels;
        Position = batch.Position;
        Network = batch.Network;
        Queries = [.. (queries ?? []).Select(tensor => tensor.DetachFromDisposeScope())];
        Outputs = [.. (outputs ?? []).Select(tensor => tensor.DetachFromDisposeScope())];
    }

    /// <summary>The network that encoded it.</summary>
    public nn.Module<Tensor, Tensor> Network { get; }

    /// <summary>Unit rows [B, D], float32 or float64.</summary>
    public IReadOnlyList<Tensor> Queries { get; }

    /// <summary>Outputs of the network, in the method's own order.</summary>
    public IReadOnlyList<Tensor> Outputs { get; }

    /// <summary>Sample of each image.</summary>
    public long[] SampleIds { get; }

    /// <summary>Class of each image; empty where there are none.</summary>
    public long[] Labels { get; }

    /// <summary>Where the run stands.</summary>
    public StepPosition Position { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Queries.Concat(Outputs)) tensor.Dispose();
    }
}
