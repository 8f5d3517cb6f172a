namespace Orleans.Configuration;

/// <summary>Which grain classes a silo hosts, and which interfaces it knows; filled with all that are found.</summary>
public class GrainTypeOptions
{
    /// <summary>The classes this silo hosts.</summary>
    public HashSet<Type> Classes { get; } = [];

    /// <summary>The interfaces this silo knows.</summary>
    public HashSet<Type> Interfaces { get; } = [];
}

/// <summary>When activations start, idle and end.</summary>
public class GrainCollectionOptions
{
    /// <summary>The usual time between two collections.</summary>
    public static readonly TimeSpan DEFAULT_COLLECTION_QUANTUM = TimeSpan.FromMinutes(1);

    /// <summary>The usual limit of an activation's start.</summary>
    public static readonly TimeSpan DEFAULT_ACTIVATION_TIMEOUT = TimeSpan.FromSeconds(30);

    /// <summary>The usual limit of an activation's end.</summary>
    public static readonly TimeSpan DEFAULT_DEACTIVATION_TIMEOUT = TimeSpan.FromSeconds(30);

    /// <summary>How often idle activations are looked for.</summary>
    public TimeSpan CollectionQuantum { get; set; } = DEFAULT_COLLECTION_QUANTUM;

    /// <summary>How long an activation is idle before it is collected.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The age of single classes, by full name.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>When the token of <see cref="IGrainBase.OnActivateAsync"/> is cancelled.</summary>
    public TimeSpan ActivationTimeout { get; set; } = DEFAULT_ACTIVATION_TIMEOUT;

    /// <summary>When the token of <see cref="IGrainBase.OnDeactivateAsync"/> is cancelled.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = DEFAULT_DEACTIVATION_TIMEOUT;
}
