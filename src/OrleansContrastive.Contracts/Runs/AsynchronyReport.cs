using Orleans;

namespace OrleansContrastive.Contracts.Runs;

/// <summary>
/// What is stale in a run and by how much: the clocks of asynchronous contrastive learning (docs/asynchrony.md). All ages
/// are counted in versions.
/// </summary>
[GenerateSerializer, Immutable, Alias("oc.asynchrony-report")]
public sealed record AsynchronyReport
{
    /// <summary>Updates between the weights that a gradient was taken at and those that it was applied to.</summary>
    [Id(0)] public required AgeSummary GradientStaleness { get; init; }

    /// <summary>Versions between θ_k that encoded a lease's keys and the newest when the lease was committed.</summary>
    [Id(1)] public required AgeSummary KeyLag { get; init; }

    /// <summary>Versions since the queue's rows were encoded, at the moment they are contrasted with.</summary>
    [Id(2)] public required AgeSummary KeyAge { get; init; }

    /// <summary>Versions since a bank's rows were last renewed, at the moment they are contrasted with; nothing for a queue.</summary>
    [Id(3)] public required AgeSummary BankAge { get; init; }

    /// <summary>What becomes of batch-norm statistics: the fifth clock is a policy.</summary>
    [Id(4)] public required string BatchNormPolicy { get; init; }

    /// <summary>Mean bytes that one lease moved between grains, by edge.</summary>
    [Id(5)] public required Traffic TrafficPerLease { get; init; }

    /// <summary>Error-feedback residuals that died with their encoder or in a roll-back.</summary>
    [Id(6)] public long ResidualsLost { get; init; }

    /// <summary>What a person should look at; empty = nothing.</summary>
    [Id(7)] public string[] Warnings { get; init; } = [];
}

/// <summary>A histogram in five numbers.</summary>
/// <param name="Count">Values behind it; 0 = all others are 0 too.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90 % are at most this.</param>
/// <param name="P99">99 % are at most this.</param>
/// <param name="Max">The largest.</param>
[GenerateSerializer, Immutable, Alias("oc.age-summary")]
public readonly record struct AgeSummary(
    [property: Id(0)] long Count,
    [property: Id(1)] long P50,
    [property: Id(2)] long P90,
    [property: Id(3)] long P99,
    [property: Id(4)] long Max);

/// <summary>
/// Bytes of payload between grains, by edge. Within one process they are handed over without a copy, and counted all the same.
/// </summary>
/// <param name="Views">Augmented views, to encoders and momentum encoders.</param>
/// <param name="Keys">Keys, to encoders.</param>
/// <param name="Gradients">Gradients and batch-norm moments, to all members of the parameter shards.</param>
/// <param name="Rows">New rows, to all members of the store shards.</param>
/// <param name="Parameters">θ_q and θ_k, from the parameter shards.</param>
/// <param name="Contrast">Queries and partial softmaxes, or the rows that a mirror pulled.</param>
[GenerateSerializer, Immutable, Alias("oc.traffic")]
public readonly record struct Traffic(
    [property: Id(0)] long Views,
    [property: Id(1)] long Keys,
    [property: Id(2)] long Gradients,
    [property: Id(3)] long Rows,
    [property: Id(4)] long Parameters,
    [property: Id(5)] long Contrast)
{
    /// <summary>All edges together.</summary>
    public long Total => Views + Keys + Gradients + Rows + Parameters + Contrast;

    /// <summary>Edge by edge.</summary>
    public static Traffic operator +(Traffic a, Traffic b) => new(
        a.Views + b.Views, a.Keys + b.Keys, a.Gradients + b.Gradients, a.Rows + b.Rows, a.Parameters + b.Parameters, a.Contrast + b.Contrast);
}
