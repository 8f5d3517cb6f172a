using Microsoft.Extensions.Logging;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Shards;

namespace OrleansContrastive.Grains.Shards;

/// <summary>How a new follower gets the state of its shard while the run goes on.</summary>
internal static partial class ShardFilling
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether a shard may be copied as it stands.</summary>
    public static ShardStatus MayFreeze<TStage>(ShardLedger<TStage> ledger, FreezeShard freeze)
        where TStage : class
    {
        var status = ledger.Check(freeze.Fence);
        return status == ShardStatus.Ok && ledger.Applied < freeze.FromVersion ? ShardStatus.NotYet : status;
    }

    /// <summary>
    /// Copies until it has succeeded or the follower was told something else. Runs beside the grain's calls, on its
    /// scheduler; the state is taken over within one turn.
    /// </summary>
    public static async Task RunAsync<TStage>(
        ShardLedger<TStage> ledger,
        FollowShard follow,
        IShardGrain primary,
        TimeProvider time,
        ILogger logger,
        Action<ShardImage, SafeTensorsContent> restore)
        where TStage : class
    {
        while (ledger.IsFilling(follow))
        {
            try
            {
                if (await ImageReader.TryReadAsync(primary, follow, time, () => ledger.IsFilling(follow)) is { } copy && ledger.IsFilling(follow))
                {
                    restore(copy.Book, copy.Content);
                    ledger.Filled(follow, copy.Book);
                    Log.Filled(logger, follow.Run, follow.Shard, follow.Primary, copy.Book.Version);
                    return;
                }
            }
            catch (Exception exception)
            {
                Log.FillingFailed(logger, follow.Run, follow.Shard, follow.Primary, exception);
            }

            await Task.Delay(Pause, time);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Information, "Run {Run}: a follower of shard {Shard} is filled from {Primary} at version {Version}")]
        public static partial void Filled(ILogger logger, string run, int shard, string primary, long version);

        [LoggerMessage(41, LogLevel.Warning, "Run {Run}: a follower of shard {Shard} could not be filled from {Primary}; it tries again")]
        public static partial void FillingFailed(ILogger logger, string run, int shard, string primary, Exception exception);
    }
}
