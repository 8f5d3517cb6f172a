using Orleans;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;

namespace OrleansContrastive.Grains.Workers;

/// <summary>Sends the effects of a packed lease to the members of all shards, each the part that it lacks, all at once.</summary>
internal sealed class LeaseStager(IGrainFactory grains)
{
    /// <summary>Completes when every member of the view has acknowledged the whole of it.</summary>
    /// <exception cref="StaleViewException">A member works in another history.</exception>
    public Task StageAsync(RunView view, ComputedLease lease) => Task.WhenAll(StageGradients(view, lease).Concat(StageRows(view, lease)));

    private IEnumerable<Task> StageGradients(RunView view, ComputedLease lease)
    {
        var master = ModelFactory.MasterType(view.Spec);
        var type = lease.Packed!.Type ?? master;
        var most = view.Spec.MaxBlockBytes / type.Size() * type.Size();
        for (var shard = 0; shard < view.ParameterShards.Length; shard++)
        {
            var (flat, moments) = (lease.Packed.Shards[shard], lease.Packed.Moments[shard]);
            var parts = new List<StageGradient>();
            // A shard without parameters is staged too: it has to see the lease.
            for (var offset = 0; offset == 0 || offset < flat.Length; offset += most)
            {
                parts.Add(new()
                {
                    Attempt = lease.Attempt,
                    History = lease.History,
                    Offset = offset / type.Size(),
                    Gradient = Blocks.Flat(type, flat.Slice(offset, Math.Min(most, flat.Length - offset))),
                    Moments = offset == 0 ? Blocks.Flat(master, moments) : null,
                });
            }

            foreach (var member in view.ParameterMembers(shard).Where(member => !lease.Staged.Contains(member)))
            {
                lease.Traffic += new Traffic(0, 0, flat.Length + moments.Length, 0, 0, 0);
                yield return StageAsync(lease, member, parts.Select(part => grains.GetGrain<IParameterServerGrain>(member).StageAsync(part)));
            }
        }
    }

    private IEnumerable<Task> StageRows(RunView view, ComputedLease lease)
    {
        if (lease.Rows is null) yield break;
        var deal = new RowDeal(lease.Rows, lease.RowSamples, lease.Attempt.Lease.Ordinal(view.Spec.LeasesPerEpoch), view.NegativeShards.Length, view.Spec.Contrast.Store);
        for (var shard = 0; shard < view.NegativeShards.Length; shard++)
        {
            var (rows, ids, first) = deal.Of(shard);
            var stage = new StageRows
            {
                Attempt = lease.Attempt,
                History = lease.History,
                KeyVersion = lease.KeyVersion,
                Rows = rows,
                SampleIds = ids,
                FirstPosition = first,
                LogPartition = lease.LogPartition,
            };
            foreach (var member in view.NegativeMembers(shard).Where(member => !lease.Staged.Contains(member)))
            {
                lease.Traffic += new Traffic(0, 0, 0, rows.Data.Length, 0, 0);
                yield return StageAsync(lease, member, [grains.GetGrain<INegativeStoreGrain>(member).StageAsync(stage)]);
            }
        }
    }

    private static async Task StageAsync(ComputedLease lease, string member, IEnumerable<Task<ShardReply>> calls)
    {
        foreach (var reply in await Task.WhenAll(calls))
        {
            // Committed means that another attempt was faster; the run grain will say so.
            StaleViewException.ThrowIf(member, reply.Status);
        }

        lease.Staged.Add(member);
    }
}
