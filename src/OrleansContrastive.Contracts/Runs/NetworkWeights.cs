namespace OrleansContrastive.Contracts.Runs;

/// <summary>Which weights of a run are judged.</summary>
public enum NetworkWeights
{
    /// <summary>θ_q, which gradients move.</summary>
    Query,

    /// <summary>θ_k, the moving average.</summary>
    Key,

    /// <summary>Those of the start: what training has to beat.</summary>
    Initial,

    /// <summary>Those that the seed draws, even where the run started from an encoder that was brought along.</summary>
    Scratch,
}
