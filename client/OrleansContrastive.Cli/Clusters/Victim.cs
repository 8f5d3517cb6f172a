namespace OrleansContrastive.Cli.Clusters;

/// <summary>Whose silo dies.</summary>
internal enum Victim
{
    /// <summary>That of the first parameter shard's primary.</summary>
    Parameters,

    /// <summary>An encoder's.</summary>
    Encoder,

    /// <summary>A momentum encoder's.</summary>
    Key,

    /// <summary>That of the first queue shard's primary.</summary>
    Negatives,

    /// <summary>That of the run grain.</summary>
    Run,

    /// <summary>The one that has been up for longest.</summary>
    First,
}
