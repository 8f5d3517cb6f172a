using OrleansContrastive.Cli.Recipes;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>What a demonstration of the cluster shall be.</summary>
internal sealed record DemoPlan
{
    /// <summary><c>contrastive-silo</c>, or its dll.</summary>
    public required string Silo { get; init; }

    /// <summary>Address of the store; null = the emulator of Azure Storage, which is started.</summary>
    public required string? Storage { get; init; }

    /// <summary>Folder of logs and ledgers.</summary>
    public required string Folder { get; init; }

    /// <summary>What the cluster trains.</summary>
    public required TrainingRecipe Recipe { get; init; }

    /// <summary>What one process trains for comparison; null = nothing.</summary>
    public required TrainingRecipe? Alone { get; init; }

    /// <summary>Whose silo dies.</summary>
    public required Victim Victim { get; init; }
}
