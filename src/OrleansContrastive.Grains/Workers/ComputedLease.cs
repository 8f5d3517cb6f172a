using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Grains.Workers;

/// <summary>A lease whose effects are computed. It is kept until it is committed, so that they can be staged at new members too.</summary>
internal sealed class ComputedLease
{
    /// <summary>The attempt.</summary>
    public required LeaseAttempt Attempt { get; init; }

    /// <summary>The view it was computed in.</summary>
    public required RunView View { get; init; }

    /// <summary>The history it was computed in.</summary>
    public long History => View.History;

    /// <summary>Version of the weights.</summary>
    public required long BaseVersion { get; init; }

    /// <summary>Version of the key encoder.</summary>
    public required long KeyVersion { get; init; }

    /// <summary>Samples in the gradient; those of the whole lease where it is skipped.</summary>
    public required int Samples { get; init; }

    /// <summary>What the step measured.</summary>
    public required StepMeasures Measures { get; init; }

    /// <summary>The gradient; null where the lease is skipped.</summary>
    public StepGradients? Gradients { get; init; }

    /// <summary>The gradient as it travels; null before it is packed.</summary>
    public StepGradients? Packed { get; set; }

    /// <summary>ln Ẑ of its noise; 0 where none was drawn.</summary>
    public double LogPartition { get; init; }

    /// <summary>Rows for the memory, [n, D]; null where the lease is skipped or the method has none.</summary>
    public TensorBlock? Rows { get; init; }

    /// <summary>The sample of each row.</summary>
    public long[] RowSamples { get; init; } = [];

    /// <summary>Bytes that it has moved so far.</summary>
    public Traffic Traffic { get; set; }

    /// <summary>Error-feedback residuals given up before it was packed.</summary>
    public int ResidualsLost { get; set; }

    /// <summary>Keys of the shard members that have acknowledged all of it.</summary>
    public HashSet<string> Staged { get; } = [];

    /// <summary>Asks for its commit, staged at all members of a view.</summary>
    public CommitRequest Request(string encoder, long view) => new()
    {
        Attempt = Attempt,
        History = History,
        Encoder = encoder,
        BaseVersion = BaseVersion,
        KeyVersion = KeyVersion,
        Samples = Samples,
        Skipped = Gradients is null,
        Measures = Measures with { Traffic = Traffic, ResidualsLost = ResidualsLost },
        View = view,
    };
}
