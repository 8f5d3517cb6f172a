using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>What the methods of runs ask for.</summary>
public static class MethodPlans
{
    /// <summary>The plan of a run's method. Its views and shards need not be chosen yet.</summary>
    /// <exception cref="ArgumentException">This process does not know the method, or one of its options is out of range.</exception>
    public static MethodPlan Of(RunSpec spec) => MethodFactory.Plan(spec);

    /// <inheritdoc cref="MethodFactory.Check"/>
    public static void Check(RunSpec spec) => MethodFactory.Check(spec);
}
