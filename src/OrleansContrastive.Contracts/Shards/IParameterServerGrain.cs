using Orleans;
using Orleans.Concurrency;

namespace OrleansContrastive.Contracts.Shards;

/// <summary>
/// One shard of the parameter server: whole tensors of θ_q, the optimizer's state and θ_k. The moving average is
/// taken with every version, in the same pass as the optimizer's step, so it is exact whatever the number and the lag
/// of the momentum encoders. Replaces <c>optimizer.step()</c> and the EMA loop.
/// </summary>
[Alias("oc.IParameterServerGrain")]
public interface IParameterServerGrain : IShardGrain
{
    /// <summary>Keeps a gradient until its attempt commits.</summary>
    [AlwaysInterleave, Alias("Stage")]
    Task<ShardReply> StageAsync(StageGradient stage);

    /// <summary>One part of the parameters of one version.</summary>
    [AlwaysInterleave, Alias("Pull")]
    Task<PullReply> PullAsync(PullRequest request);
}
