namespace OrleansContrastive.Contracts;

/// <summary>
/// The keys of the grains. The silo's name is part of the key of everything that a silo hosts for a run:
/// placement is the project's own, so that no two encoders share a device and no two replicas a silo.
/// </summary>
public static class GrainKeys
{
    /// <summary>Key of an augmentation worker: <c>run/aug/SILO/i</c>.</summary>
    public static string Augmentation(string run, string silo, int index) => $"{run}/aug/{silo}/{index}";

    /// <summary>Key of an encoder: <c>run/enc/SILO/i</c>; i is the silo's lane.</summary>
    public static string Encoder(string run, string silo, int index) => $"{run}/enc/{silo}/{index}";

    /// <summary>Key of a momentum encoder: <c>run/key/SILO/i</c>; i is the silo's lane.</summary>
    public static string MomentumEncoder(string run, string silo, int index) => $"{run}/key/{silo}/{index}";

    /// <summary>Key of a shard of the negative store: <c>run/neg/s/SILO</c>.</summary>
    public static string NegativeStore(string run, int shard, string silo) => $"{run}/neg/{shard}/{silo}";

    /// <summary>Key of a shard of the parameter server: <c>run/par/s/SILO</c>.</summary>
    public static string ParameterServer(string run, int shard, string silo) => $"{run}/par/{shard}/{silo}";

    /// <summary>Key of the evaluation grain: <c>run/eval/SILO</c>.</summary>
    public static string Evaluation(string run, string silo) => $"{run}/eval/{silo}";

    /// <summary>The parts of a key. A run's id holds no slash.</summary>
    /// <exception cref="ArgumentException">The key is none of the forms above.</exception>
    public static GrainPlace Parse(string key)
    {
        var parts = key.Split('/');
        return parts switch
        {
            [var run, "aug", var silo, var index] when int.TryParse(index, out var i) => new(run, GrainKind.Augmentation, silo, i),
            [var run, "enc", var silo, var index] when int.TryParse(index, out var i) => new(run, GrainKind.Encoder, silo, i),
            [var run, "key", var silo, var index] when int.TryParse(index, out var i) => new(run, GrainKind.MomentumEncoder, silo, i),
            [var run, "neg", var shard, var silo] when int.TryParse(shard, out var s) => new(run, GrainKind.NegativeStore, silo, s),
            [var run, "par", var shard, var silo] when int.TryParse(shard, out var s) => new(run, GrainKind.ParameterServer, silo, s),
            [var run, "eval", var silo] => new(run, GrainKind.Evaluation, silo, 0),
            _ => throw new ArgumentException($"'{key}' is no grain key; expected run/aug|enc|key/SILO/i, run/neg|par/s/SILO or run/eval/SILO.", nameof(key)),
        };
    }
}

/// <summary>What a key is the key of.</summary>
public enum GrainKind
{
    /// <summary>An augmentation worker.</summary>
    Augmentation,

    /// <summary>An encoder.</summary>
    Encoder,

    /// <summary>A momentum encoder.</summary>
    MomentumEncoder,

    /// <summary>A shard of the negative store.</summary>
    NegativeStore,

    /// <summary>A shard of the parameter server.</summary>
    ParameterServer,

    /// <summary>The evaluation grain.</summary>
    Evaluation,
}

/// <summary>What a grain's key says.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Silo">The only silo that may host it.</param>
/// <param name="Index">Its lane or its shard.</param>
public readonly record struct GrainPlace(string Run, GrainKind Kind, string Silo, int Index);
