using Orleans.Configuration;
using OrleansContrastive.Contracts.Evaluation;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Which grain classes a silo hosts, by its roles. A class that it does not host is never placed on it.</summary>
internal static class GrainRoles
{
    // Evaluation passes images through the encoder, so it lives where encoders do.
    private static readonly (WorkerRoles Role, Type Interface)[] Roles =
    [
        (WorkerRoles.Augmentation, typeof(IAugmentationGrain)),
        (WorkerRoles.Encoder, typeof(IEncoderGrain)),
        (WorkerRoles.Encoder, typeof(IEvaluationGrain)),
        (WorkerRoles.Key, typeof(IMomentumEncoderGrain)),
        (WorkerRoles.Negatives, typeof(INegativeStoreGrain)),
        (WorkerRoles.Parameters, typeof(IParameterServerGrain)),
        (WorkerRoles.Run, typeof(ITrainingRunGrain)),
    ];

    /// <summary>Roles whose grains compute on a device lane.</summary>
    public const WorkerRoles NeedingLanes = WorkerRoles.Encoder | WorkerRoles.Key;

    /// <summary>Takes out the classes whose role the silo does not have.</summary>
    public static void Keep(GrainTypeOptions types, WorkerRoles roles)
    {
        foreach (var (role, contract) in Roles)
        {
            if (!roles.HasFlag(role)) types.Classes.RemoveWhere(contract.IsAssignableFrom);
        }
    }
}
