using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>The optimizer's part of a recipe, checked.</summary>
internal static class OptimizerResolver
{
    private static readonly string[] Schedules = ["cosine", "step", "constant"];

    /// <summary>Resolves optimizer and schedules.</summary>
    /// <exception cref="UsageException">A name is unknown or a value out of range.</exception>
    public static OptimizerSpec Resolve(TrainingRecipe recipe)
    {
        SpecResolver.Check("optimizer", recipe.Optimizer, Optimizer.KnownNames);
        SpecResolver.Check("schedule", recipe.Schedule, Schedules);
        Range("momentum", recipe.Momentum, recipe.Momentum is >= 0 and < 1, "0 to below 1");
        Range("learningRate", recipe.LearningRate, recipe.LearningRate > 0, "above 0");
        Range("finalLearningRate", recipe.FinalLearningRate, recipe.FinalLearningRate >= 0, "0 or more");
        Range("finalLearningRate", recipe.FinalLearningRate, recipe.FinalLearningRate == 0 || recipe.Schedule == "cosine", "0, or schedule=cosine: the others have no end");
        Range("warmUpEpochs", recipe.WarmUpEpochs, recipe.WarmUpEpochs >= 0 && recipe.WarmUpEpochs < recipe.Epochs, "0 to below the number of epochs");
        Range("warmUpStart", recipe.WarmUpStart, recipe.WarmUpStart >= 0, "0 or more");
        Range("warmUpStart", recipe.WarmUpStart, recipe.WarmUpStart == 0 || recipe.WarmUpEpochs > 0, "0, or warmUpEpochs above 0");
        Range("weightDecay", recipe.WeightDecay, recipe.WeightDecay >= 0, "0 or more");
        Range("weightDecayEnd", recipe.WeightDecayEnd ?? 0, recipe.WeightDecayEnd is null or >= 0, "0 or more");
        Range("beta1", recipe.Beta1, recipe.Beta1 is >= 0 and < 1, "0 to below 1");
        Range("beta2", recipe.Beta2, recipe.Beta2 is >= 0 and < 1, "0 to below 1");
        Range("epsilon", recipe.Epsilon, recipe.Epsilon > 0, "above 0");
        Range("trustCoefficient", recipe.TrustCoefficient, recipe.TrustCoefficient > 0, "above 0");
        Range("trustClip", recipe.TrustClip, !recipe.TrustClip || recipe.Optimizer is "lars-solo" or "larc", "false: only lars-solo and larc clip");
        Range("gradientClip", recipe.GradientClip, recipe.GradientClip >= 0, "0 (no limit) or more");
        Range("nesterov", recipe.Nesterov, !recipe.Nesterov || recipe.Optimizer != "adamw", "false, since AdamW has no such form");
        return new()
        {
            Kind = recipe.Optimizer,
            LearningRate = recipe.LearningRate,
            Momentum = recipe.Momentum,
            WeightDecay = recipe.WeightDecay,
            WeightDecayEnd = recipe.WeightDecayEnd,
            Nesterov = recipe.Nesterov,
            ExcludeNormAndBias = recipe.ExcludeNormAndBias,
            Schedule = recipe.Schedule,
            WarmUpEpochs = recipe.WarmUpEpochs,
            WarmUpStart = recipe.WarmUpStart,
            FinalLearningRate = recipe.FinalLearningRate,
            StepEpochs = recipe.StepEpochs,
            Beta1 = recipe.Beta1,
            Beta2 = recipe.Beta2,
            Epsilon = recipe.Epsilon,
            TrustCoefficient = recipe.TrustCoefficient,
            TrustClip = recipe.TrustClip,
            GradientClip = recipe.GradientClip,
            FixedRateParts = recipe.FixedRateParts,
        };
    }

    private static void Range(string key, object value, bool holds, string expected) => SpecResolver.Range(key, value, holds, expected);
}
