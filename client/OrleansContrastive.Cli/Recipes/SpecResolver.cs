using System.Text.Json;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data;
using OrleansContrastive.Data.Augmentation;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Learning.Devices;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Heads;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Negatives.Sampling;
using TorchSharp;

namespace OrleansContrastive.Cli.Recipes;

/// <summary>Turns a recipe into a spec: nothing in it is "auto", and every name in it exists.</summary>
internal static class SpecResolver
{
    private static readonly string[] KeyMomentumSchedules = ["constant", "cosine"];
    private static readonly string[] Consistencies = ["lockstep", "bounded", "unbounded"];
    private static readonly string[] Corrections = ["none", "inverse", "delay-compensation", "adaptive-delay-compensation"];
    private static readonly string[] Wires = ["float32", "bfloat16"];
    private static readonly string[] Stores = ["queue", "bank"];
    private static readonly string[] Samplings = ["all", "uniform", "recent", "hardest", "debiased", "reweighted", "mixed", "noise", "synco"];
    private static readonly string[] Prefetches = ["none", "views", "keys", "weights"];
    private static readonly string[] KeyEncodings = ["shared", "local"];
    private static readonly string[] Networks = ["query", "key"];
    private static readonly string[] NegativeModes = ["mirror", "shard"];

    /// <summary>Resolves a recipe for a data set and the devices of the lanes.</summary>
    /// <exception cref="UsageException">A name is unknown or a value out of range.</exception>
    public static RunSpec Resolve(TrainingRecipe recipe, IImageDataset dataset, IReadOnlyList<torch.Device> lanes)
    {
        Check("method", recipe.Method, [.. MethodRegistry.Shared.Names]);
        Check("consistency", recipe.Consistency, Consistencies);
        Check("correction", recipe.Correction, Corrections);
        Check("wire", recipe.Wire, Wires);
        Check("store", recipe.Store, Stores);
        Check("sampling", recipe.Sampling, Samplings);
        Check("prefetch", recipe.Prefetch, Prefetches);
        Check("keyEncoding", recipe.KeyEncoding, KeyEncodings);
        Check("negatives", recipe.Negatives, NegativeModes);
        Check("evaluate", recipe.Evaluate, Networks);
        Range("epochs", recipe.Epochs, recipe.Epochs >= 1, "1 or more");
        Range("batch", recipe.Batch, recipe.Batch >= 2 && recipe.Batch <= dataset.Count, $"2 to {dataset.Count}, the number of images");
        Range("temperature", recipe.Temperature, recipe.Temperature > 0, "above 0");
        Range("queueLength", recipe.QueueLength, recipe.QueueLength >= 1, "1 or more");
        Check("keyMomentumSchedule", recipe.KeyMomentumSchedule, KeyMomentumSchedules);
        Range("keyMomentum", recipe.KeyMomentum, recipe.KeyMomentum is >= 0 and < 1, "0 to below 1");
        Range(
            "keyMomentumEnd",
            recipe.KeyMomentumEnd,
            recipe.KeyMomentumEnd <= 1 && recipe.KeyMomentumEnd >= recipe.KeyMomentum,
            FormattableString.Invariant($"{recipe.KeyMomentum}, where it begins, to 1"));
        Range("keyMomentumEnd", recipe.KeyMomentumEnd, recipe.KeyMomentumEnd == 1 || recipe.KeyMomentumSchedule == "cosine", "1, or keyMomentumSchedule=cosine: a constant has no end");
        Range("checkpointsKept", recipe.CheckpointsKept, recipe.CheckpointsKept >= 1, "1 or more");

        Range("negatives", recipe.Negatives, recipe.Store == "queue" || recipe.Negatives == "shard", "shard, since a bank has no mirror");
        Range("bankMomentum", recipe.BankMomentum, recipe.BankMomentum is >= 0 and < 1, "0 to below 1");
        Range("sampling", recipe.Sampling, recipe.Store == "queue" || recipe.Sampling != "recent", "another strategy, since a bank knows no order of age");
        Range("sampling", recipe.Sampling, recipe.Store == "bank" || recipe.Sampling != "noise", "another strategy, or store=bank: noise is drawn by sample");
        Range("samplingRows", recipe.SamplingRows, recipe.SamplingRows >= 1, "1 or more");
        Range("samplingRows", recipe.SamplingRows, recipe.Sampling != "hardest" || recipe.SamplingRows <= HardestRows.Most, $"at most {HardestRows.Most} for hardest");
        Range("hardness", recipe.Hardness, recipe.Hardness > 0, "above 0");
        Range("classPrior", recipe.ClassPrior, recipe.ClassPrior is >= 0 and < 1, "0 to below 1");
        Range("mixedPairs", recipe.MixedPairs, recipe.MixedPairs >= 0, "0 or more");
        Range("mixedWithQuery", recipe.MixedWithQuery, recipe.MixedWithQuery >= 0, "0 or more");
        Range("mixAfterEpochs", recipe.MixAfterEpochs, recipe.MixAfterEpochs >= 0, "0 or more");
        Range("syncoRows", string.Join(",", recipe.SyncoRows), recipe.SyncoRows.Length == 6 && recipe.SyncoRows.All(rows => rows >= 0), "six numbers, 0 or more");
        Range(
            "syncoStrengths",
            string.Join(",", recipe.SyncoStrengths.Select(strength => FormattableString.Invariant($"{strength}"))),
            recipe.SyncoStrengths.Length == 3 && recipe.SyncoStrengths.All(strength => strength >= 0),
            "three numbers, 0 or more");
        Range("keyBatch", recipe.KeyBatch, recipe.KeyBatch >= 1, "1 or more");
        Range("keyBatch", recipe.KeyBatch, recipe.KeyBatch == 1 || recipe.KeyEncoding == "shared", "1, since local keys are encoded lease by lease");
        Range("keyDeadlineMilliseconds", recipe.KeyDeadlineMilliseconds, recipe.KeyDeadlineMilliseconds is > 0 and <= 10_000, "above 0 and at most 10000");
        Range("compensation", recipe.Compensation, recipe.Compensation >= 0, "0 or more");
        Range("augmenters", recipe.Augmenters, recipe.Augmenters >= 1, "1 or more");
        Range("parameterShards", recipe.ParameterShards, recipe.ParameterShards >= 1, "1 or more");
        Range("negativeShards", recipe.NegativeShards, recipe.NegativeShards >= 1, "1 or more");
        Range("encoders", recipe.Encoders, recipe.Encoders >= 0, "0 (one per lane) or more");
        Range("keyEncoders", recipe.KeyEncoders, recipe.KeyEncoders >= 0, "0 (as many as encoders) or more");
        Range("checkpointEpochs", recipe.CheckpointEpochs, recipe.CheckpointEpochs >= 0, "0 (only at the end) or more");
        Range("replicas", recipe.Replicas, recipe.Replicas >= 1, "1 or more");
        Range("minimumSilos", recipe.MinimumSilos, recipe.MinimumSilos >= 1, "1 or more");
        Range("stalenessBound", recipe.StalenessBound, recipe.StalenessBound >= 1, "1 or more");

        var lockstep = recipe.Consistency == "lockstep";
        var encoders = recipe.Encoders > 0 ? recipe.Encoders : lanes.Count;
        // The encoders share a batch in every mode: what one of them sends is never staler than a few parts of a batch, and modes
        // can be compared. The smallest part still needs two samples for its batch norm.
        var leaseSize = recipe.Batch / encoders;
        Range("batch", recipe.Batch, leaseSize >= 2, $"at least {2 * encoders}, two samples for each encoder");
        Range("batch", recipe.Batch, !lockstep || recipe.Batch % encoders == 0, $"a multiple of {encoders}, the encoders that share it in lockstep");

        var augmentations = Augmentations(recipe, dataset);
        var spec = new RunSpec
        {
            Method = recipe.Method,
            MethodOptions = recipe.Options?.ToJsonString() ?? "",
            Dataset = new()
            {
                Name = recipe.Dataset,
                Path = recipe.Data is null ? null : Path.GetFullPath(recipe.Data),
                Split = recipe.Split,
                Fingerprint = dataset.Fingerprint,
                Count = dataset.Count,
                Channels = dataset.Channels,
                ImageSize = augmentations[0].Size,
                TestSplit = recipe.TestSplit,
                FrameSize = recipe.FrameSize,
                Frames = recipe.Frames,
            },
            Model = Model(recipe, dataset.Channels, augmentations[0].Size, lanes[0]),
            Augmentations = [],
            Contrast = new()
            {
                Temperature = recipe.Temperature,
                QueueLength = recipe.QueueLength,
                KeyMomentum = recipe.KeyMomentum,
                KeyMomentumSchedule = recipe.KeyMomentumSchedule,
                KeyMomentumEnd = recipe.KeyMomentumEnd,
                Symmetric = recipe.Symmetric,
                ShuffleKeys = recipe.ShuffleKeys,
                MaskOwnSample = recipe.MaskOwnSample,
                FreezePartition = recipe.FreezePartition,
                StartWithRandomRows = recipe.StartWithRandomRows,
                Mode = recipe.Negatives == "mirror" ? NegativeMode.Mirror : NegativeMode.Shard,
                Store = (NegativeStoreKind)Array.IndexOf(Stores, recipe.Store),
                BankMomentum = recipe.BankMomentum,
                KeyEncoding = (KeyEncoding)Array.IndexOf(KeyEncodings, recipe.KeyEncoding),
                KeyBatch = recipe.KeyBatch,
                KeyDeadline = TimeSpan.FromMilliseconds(recipe.KeyDeadlineMilliseconds),
                Sampling = new()
                {
                    Kind = (SamplingKind)Array.IndexOf(Samplings, recipe.Sampling),
                    Rows = recipe.SamplingRows,
                    Beta = recipe.Hardness,
                    ClassPrior = recipe.ClassPrior,
                    MixedPairs = recipe.MixedPairs,
                    MixedWithQuery = recipe.MixedWithQuery,
                    MixAfterEpochs = recipe.MixAfterEpochs,
                    Synthetic = Synthetic(recipe.SyncoRows, recipe.SyncoStrengths),
                },
            },
            Optimizer = OptimizerResolver.Resolve(recipe),
            Consistency = Consistency(recipe, lockstep ? encoders : 1),
            Topology = new()
            {
                Encoders = encoders,
                KeyEncoders = recipe.KeyEncoders > 0 ? recipe.KeyEncoders : encoders,
                Augmentations = recipe.Augmenters,
                ParameterShards = recipe.ParameterShards,
                NegativeShards = recipe.NegativeShards,
                Replicas = recipe.Replicas,
                MinimumSilos = recipe.MinimumSilos,
            },
            Epochs = recipe.Epochs,
            Batch = recipe.Batch,
            LeaseSize = leaseSize,
            Seed = recipe.Seed,
            CheckpointEvery = (long)(recipe.CheckpointEpochs * dataset.Count),
            CheckpointsKept = recipe.CheckpointsKept,
            Prefetch = (Prefetch)Array.IndexOf(Prefetches, recipe.Prefetch),
            Wire = (WireFormat)Array.IndexOf(Wires, recipe.Wire),
        };
        Range("wire", recipe.Wire, spec.Wire == WireFormat.Float32 || spec.Model.Precision != "float64", "float32, since the precision is float64");
        return Fit(spec, recipe, augmentations, dataset);
    }

    /// <summary>Gives the method the views and the shards that it asks for.</summary>
    private static RunSpec Fit(RunSpec spec, TrainingRecipe recipe, AugmentationRecipe[] augmentations, IImageDataset dataset)
    {
        MethodPlan plan;
        try
        {
            MethodPlans.Check(spec);
            plan = MethodPlans.Of(spec);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }

        string[] parts = ["encoder", "head", .. plan.Parts.Select(part => part.Name)];
        foreach (var part in recipe.FixedRateParts) Check("fixedRateParts", part.Split('.')[0], parts);
        Range("store", recipe.Store, !plan.NeedsOwnRows || recipe.Store == "bank", $"bank, since the positives of {recipe.Method} are rows of a bank");
        Range("store", recipe.Store, !plan.NeedsRowsHere || recipe.Store == "queue", $"queue, since {recipe.Method} looks for neighbours in it");
        Range("sampling", recipe.Sampling, recipe.Sampling == "all" || plan.Contrast is not null || plan.WeighsBatch, $"all, since {recipe.Method} has no memory whose rows could be chosen");
        Range("dataset", recipe.Dataset, !plan.NeedsLabels || dataset.HasLabels, $"one with classes, which {recipe.Method} learns from");
        return spec with
        {
            Augmentations = [.. Enumerable.Range(0, plan.Views).Select(view => JsonSerializer.Serialize(View(recipe, plan, augmentations, view)))],
            Topology = spec.Topology with
            {
                KeyEncoders = plan.KeyViews.Count > 0 ? spec.Topology.KeyEncoders : 0,
                NegativeShards = plan.Memory == MemoryKind.None ? 0 : spec.Topology.NegativeShards,
            },
        };
    }

    private static AugmentationRecipe View(TrainingRecipe recipe, MethodPlan plan, AugmentationRecipe[] augmentations, int view)
    {
        var local = view >= plan.Views - plan.LocalViews;
        var whole = augmentations[local ? 2 : view == 0 ? 0 : 1];
        if (plan.PlainViews) return new() { Size = whole.Size, ScaleMin = 1, ScaleMax = 1, RatioMin = 1, RatioMax = 1, Flip = 0, Mean = whole.Mean, Std = whole.Std };
        if (!local) return whole;
        Range("localScale", string.Join(",", recipe.LocalScale), recipe.LocalScale.Length == 2, "the least and the greatest area, with a comma between them");
        return whole with
        {
            Size = recipe.LocalSize > 0 ? recipe.LocalSize : Math.Max(8, augmentations[0].Size * 3 / 7),
            ScaleMin = recipe.LocalScale[0],
            ScaleMax = recipe.LocalScale[1],
            PlainShorterSide = 0,
        };
    }

    private static SyntheticSpec Synthetic(int[] rows, double[] strengths) => new()
    {
        Interpolated = rows[0],
        Extrapolated = rows[1],
        Mixed = rows[2],
        Noisy = rows[3],
        Gradient = rows[4],
        Adversarial = rows[5],
        Noise = strengths[0],
        Step = strengths[1],
        Sign = strengths[2],
    };

    private static ConsistencySpec Consistency(TrainingRecipe recipe, int slots) => new()
    {
        Mode = recipe.Consistency switch
        {
            "lockstep" => ConsistencyMode.Lockstep,
            "bounded" => ConsistencyMode.Bounded,
            _ => ConsistencyMode.Unbounded,
        },
        Slots = slots,
        StalenessBound = recipe.StalenessBound,
        Correction = (StalenessCorrection)Array.IndexOf(Corrections, recipe.Correction),
        Compensation = recipe.Compensation > 0 ? recipe.Compensation : recipe.Correction == "adaptive-delay-compensation" ? 2 : 0.04,
    };

    private static ModelSpec Model(TrainingRecipe recipe, int channels, int size, torch.Device device)
    {
        try
        {
            EncoderSpec.Parse(recipe.Encoder, channels, size);
            new HeadSpec(recipe.Head, recipe.HiddenWidth, recipe.EmbeddingWidth).Validated();
            return new()
            {
                Encoder = recipe.Encoder,
                Head = recipe.Head,
                HiddenWidth = recipe.HiddenWidth,
                EmbeddingWidth = recipe.EmbeddingWidth,
                Precision = PrecisionSelector.Parse(recipe.Precision, device).ToString().ToLowerInvariant(),
                BatchNormSplits = recipe.BatchNormSplits,
                Evaluated = (EvaluatedNetwork)Array.IndexOf(Networks, recipe.Evaluate),
            };
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }

    /// <summary>Of the first view, of the second, and of small crops.</summary>
    private static AugmentationRecipe[] Augmentations(TrainingRecipe recipe, IImageDataset dataset)
    {
        var own = dataset.Width > 0 && dataset.Width == dataset.Height ? dataset.Width : 0;
        var name = recipe.Augmentation
            ?? (recipe.Dataset is "fashion-mnist" or "mnist" ? "fashion-mnist" : own is > 0 and < 96 ? OwnOr("moco-v2", "-cifar") : OwnOr("moco-v2", ""));
        var (keyName, keyScaleMin) = (recipe.KeyAugmentation ?? name, recipe.KeyCropScaleMin ?? recipe.CropScaleMin);
        return [One(name, recipe.CropScaleMin), One(keyName, keyScaleMin), One(recipe.LocalAugmentation ?? keyName, keyScaleMin)];

        // The method's own where there is one of its name.
        string OwnOr(string other, string suffix) =>
            AugmentationPresets.Names.Contains(recipe.Method + suffix) ? recipe.Method + suffix : other + suffix;

        AugmentationRecipe One(string recipeName, double? scaleMin)
        {
            AugmentationRecipe augmentation;
            try
            {
                augmentation = AugmentationPresets.Get(recipeName).ForChannels(dataset.Channels);
            }
            catch (ArgumentException exception)
            {
                throw new UsageException(exception);
            }

            var size = recipe.ImageSize > 0 ? recipe.ImageSize : own > 0 ? own : augmentation.Size;
            augmentation = augmentation with
            {
                Size = size,
                PlainShorterSide = augmentation.PlainShorterSide >= size ? augmentation.PlainShorterSide : 0,
                ScaleMin = scaleMin ?? augmentation.ScaleMin,
                RatioMin = recipe.CropRatio is { } ratio ? 1 / ratio : augmentation.RatioMin,
                RatioMax = recipe.CropRatio ?? augmentation.RatioMax,
            };
            var problems = augmentation.Problems();
            return problems.Count == 0 ? augmentation : throw new UsageException(string.Join(" ", problems));
        }
    }

    internal static void Check(string what, string name, IReadOnlyList<string> known)
    {
        if (!known.Contains(name)) throw new UsageException(NearestName.Explain(what, name, known));
    }

    internal static void Range(string key, object value, bool holds, string expected)
    {
        if (!holds) throw new UsageException(FormattableString.Invariant($"'{key}' is {value}; expected {expected}."));
    }
}
