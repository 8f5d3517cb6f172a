using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What a method keeps between steps, for all encoders of a run.</summary>
public enum MemoryKind
{
    /// <summary>Nothing: what is contrasted lies in the batch.</summary>
    None,

    /// <summary>A ring of the newest rows.</summary>
    Queue,

    /// <summary>A row for every sample of the data set.</summary>
    Bank,
}

/// <summary>What a method asks of those who run it.</summary>
public sealed record MethodPlan
{
    /// <summary>Views that the query network encodes, by number.</summary>
    public IReadOnlyList<int> QueryViews { get; init; } = [0, 1];

    /// <summary>Views that the momentum encoder encodes, ascending; empty where the method has no θ_k.</summary>
    public IReadOnlyList<int> KeyViews { get; init; } = [];

    /// <summary>How many of the last views are small crops; the others are of the run's size.</summary>
    public int LocalViews { get; init; }

    /// <summary>Views are not augmented: the images as they are, in the run's size.</summary>
    public bool PlainViews { get; init; }

    /// <summary>Permutes the keys' batch before batch norm, and puts it back after it.</summary>
    public bool ShuffleKeys { get; init; }

    /// <summary>What the rows of a step are kept in.</summary>
    public MemoryKind Memory { get; init; }

    /// <summary>How rows of the memory are contrasted with; null where <see cref="Memory"/> is none.</summary>
    public MemoryContrast? Contrast { get; init; }

    /// <summary>Rows that a sample leaves in the memory.</summary>
    public int RowsPerSample { get; init; } = 1;

    /// <summary>The loss takes the rows of the bank that belong to the batch's own samples (<see cref="MethodTargets.OwnRows"/>).</summary>
    public bool NeedsOwnRows { get; init; }

    /// <summary>The loss reads rows of the queue itself, so they must be here (<see cref="MethodTargets.Memory"/>).</summary>
    public bool NeedsRowsHere { get; init; }

    /// <summary>The run's sampling weighs the negatives of the batch; without this and without <see cref="Contrast"/> the method has no use for one.</summary>
    public bool WeighsBatch { get; init; }

    /// <summary>The method learns from classes (<see cref="MethodBatch.Labels"/>).</summary>
    public bool NeedsLabels { get; init; }

    /// <summary>The query network needs its running statistics (<see cref="Heads.BatchCentre"/>) and not only batch norm's batches.</summary>
    public bool NeedsRunningStatistics { get; init; }

    /// <summary>Images are encoded patch by patch; null = whole.</summary>
    public PatchGrid? Grid { get; init; }

    /// <summary>The encoder sees images without their colours, when it learns and when it is used.</summary>
    public bool Grey { get; init; }

    /// <summary>How the encoder must read an image; null where the method takes any encoder's features.</summary>
    public EncoderInput? Input { get; init; }

    /// <summary>What keeps the embeddings from collapsing; null where nothing can.</summary>
    public CollapseGuard? Guard { get; init; } = CollapseGuard.Negatives;

    /// <summary>The loss of a collapsed network, where that is the least it can have; null otherwise.</summary>
    public double? LossFloor { get; init; }

    /// <summary>Layers of its own beside encoder and projection head, by name.</summary>
    public IReadOnlyList<ModelPart> Parts { get; init; } = [];

    /// <summary>Views of an image.</summary>
    public int Views => Math.Max(QueryViews.Append(-1).Max(), KeyViews.Append(-1).Max()) + 1;

    /// <summary>How often a view is fetched: once to be query and once to be key.</summary>
    public int TimesTaken => QueryViews.Count + KeyViews.Count;

    /// <summary>Throws where the method cannot learn with an encoder.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="encoder">The encoder.</param>
    /// <exception cref="ArgumentException">It reads images otherwise than the method needs it.</exception>
    public void CheckEncoder(string method, EncoderSpec encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        if (Input is not { } needed || needed == encoder.Input) return;
        static string Described(EncoderInput input) => input == EncoderInput.Sequences
            ? "reads an image row by row as a signal (such as conv1d-gru)"
            : "reads an image in two dimensions (such as resnet18)";
        throw new ArgumentException($"Method '{method}' needs an encoder that {Described(needed)}; '{encoder.Name}' is one that {Described(encoder.Input)}.", nameof(encoder));
    }
}
