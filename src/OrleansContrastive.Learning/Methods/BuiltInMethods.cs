using OrleansContrastive.Learning.Methods.Frame;

namespace OrleansContrastive.Learning.Methods;

/// <summary>The methods that come with the program, each with the values that its recipes usually share.</summary>
public sealed class BuiltInMethods : IMethodModule
{
    /// <inheritdoc/>
    public void Register(MethodRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        MethodEntry[][] families = [[.. Memories()], [.. InBatch()], [.. WithoutNegatives()], [.. Pairs()], [.. Pretexts()]];
        foreach (var entry in families.SelectMany(family => family)) registry.Add(entry);
    }

    private static IEnumerable<MethodEntry> Memories()
    {
        yield return MethodEntry.Of<InstanceDiscriminationOptions>(
            "instdisc", "Instance discrimination with a memory bank (Wu et al. 2018)",
            (context, options) => new InstanceDiscrimination(context, options), Head("linear", ("store", "bank"), ("negatives", "shard")));
        yield return MethodEntry.Of<PirlOptions>(
            "pirl", "Pretext-invariant representations with a memory bank (Misra and van der Maaten 2020)",
            (context, options) => new PretextInvariance(context, options), Head("linear", ("store", "bank"), ("negatives", "shard")));
        yield return MethodEntry.Of<MomentumContrastSwitches>(
            "moco-v1", "Momentum contrast with a linear head (He et al. 2020)",
            (context, switches) => new MomentumContrast(MomentumContrastOptions.Of(context, switches)), Head("linear"));
        yield return MethodEntry.Of<MomentumContrastSwitches>(
            "moco-v2", "Momentum contrast with an MLP head (Chen et al. 2020)",
            (context, switches) => new MomentumContrast(MomentumContrastOptions.Of(context, switches)), Head("mlp"));
        yield return MethodEntry.Of<MomentumContrastV3Options>(
            "moco-v3", "Momentum contrast without a queue, with a predictor (Chen et al. 2021)",
            (context, options) => new MomentumContrastV3(context, options), Head("moco-v3-mlp"));
    }

    private static IEnumerable<MethodEntry> InBatch()
    {
        yield return MethodEntry.Of<SimClrOptions>(
            "simclr", "Two views find each other in the batch (Chen et al. 2020)", (context, options) => new SimClr(context, options), Head("simclr-mlp"));
        yield return MethodEntry.Of<DecoupledContrastiveOptions>(
            "dcl", "SimCLR without the positive in the denominator (Yeh et al. 2022)",
            (context, options) => new DecoupledContrastive(context, options), Head("simclr-mlp"));
        yield return MethodEntry.Of<NoOptions>(
            "supcon", "Supervised contrastive learning (Khosla et al. 2020)", (context, _) => new SupervisedContrastive(context), Head("mlp"));
        yield return MethodEntry.Of<NearestNeighbourOptions>(
            "nnclr", "Nearest neighbours in a queue as positives (Dwibedi et al. 2021)",
            (context, options) => new NearestNeighbour(context, options), Head("nnclr-mlp"));
        yield return MethodEntry.Of<CpcOptions>(
            "cpc", "Contrastive predictive coding on patches (van den Oord et al. 2018)",
            (context, options) => new ContrastivePredictiveCoding(context, options), Head("none"));
        yield return MethodEntry.Of<CpcOptions>(
            "cpc-v2", "Contrastive predictive coding in four directions (Hénaff et al. 2020)",
            (context, options) => new ContrastivePredictiveCoding(context, options with { Directions = 4, LayerNorm = true, PatchAugmentation = true }), Head("none", ("encoder", "resnet18-ln")));
        yield return MethodEntry.Of<SequencePredictionOptions>(
            "cpc-sequence", "Contrastive predictive coding on signals (van den Oord et al. 2018)",
            (context, options) => new SequencePrediction(context, options), Head("none", ("encoder", "conv1d-gru")));
    }

    private static IEnumerable<MethodEntry> WithoutNegatives()
    {
        yield return MethodEntry.Of<ByolOptions>(
            "byol", "Foretell what a moving average makes of the other view (Grill et al. 2020)", (context, options) => new Byol(context, options), Head("byol-mlp"));
        yield return MethodEntry.Of<SimSiamOptions>(
            "simsiam", "Foretell the other view, no gradient through the target (Chen and He 2021)",
            (context, options) => new SimSiam(context, options), Head("simsiam-mlp2", ("fixedRateParts", new[] { "predictor" })));
        yield return MethodEntry.Of<SwavOptions>(
            "swav", "Foretell the other views' prototypes (Caron et al. 2020)", (context, options) => new SwappedAssignments(context, options), Head("byol-mlp"));
        yield return MethodEntry.Of<VicRegOptions>(
            "vicreg", "Variance, invariance, covariance (Bardes et al. 2022)", (context, options) => new VarianceInvarianceCovariance(context, options), Head("expander"));
        yield return MethodEntry.Of<BarlowTwinsOptions>(
            "barlow-twins", "Cross-correlation towards the identity (Zbontar et al. 2021)", (context, options) => new RedundancyReduction(context, options), Head("expander"));
        yield return MethodEntry.Of<DinoOptions>(
            "dino", "Self-distillation with a centred and sharpened teacher (Caron et al. 2021)",
            (context, options) => new SelfDistillationWithoutLabels(context, options), Head("dino-mlp"));
    }

    private static IEnumerable<MethodEntry> Pairs()
    {
        yield return MethodEntry.Of<SiameseOptions>(
            "siamese", "Genuine and impostor pairs (Hadsell et al. 2006)", (context, options) => new SiamesePairs(context, options), Head("linear"));
        yield return MethodEntry.Of<TripletOptions>(
            "triplet", "Anchor, positive and mined negative (Schroff et al. 2015)", (context, options) => new TripletNetwork(context, options), Head("linear"));
        yield return MethodEntry.Of<NPairOptions>(
            "n-pair", "One positive among those of other classes (Sohn 2016)", (context, options) => new NPairNetwork(context, options), Head("linear"));
    }

    private static IEnumerable<MethodEntry> Pretexts()
    {
        yield return MethodEntry.Of<NoOptions>(
            "rotation", "By how many right angles was it turned? (Gidaris et al. 2018)", (_, _) => new RotationPrediction(), Head("none"));
        yield return MethodEntry.Of<NoOptions>(
            "relative-patch", "Where does the other patch lie? (Doersch et al. 2015)", (_, _) => new RelativePatchPosition(), Head("none"));
        yield return MethodEntry.Of<JigsawOptions>(
            "jigsaw", "In which order do the cells come? (Noroozi and Favaro 2016)", (_, options) => new JigsawPermutation(options), Head("none"));
        yield return MethodEntry.Of<ColorizationOptions>(
            "colorization", "Which colours has a grey image? (Zhang et al. 2016)", (context, options) => new Colorization(context, options), Head("none"));
        yield return MethodEntry.Of<NoOptions>(
            "context-encoder", "What was in the hole? (Pathak et al. 2016)", (context, _) => new ContextEncoder(context), Head("none"));
        yield return MethodEntry.Of<NoOptions>(
            "frame-order", "In which order do the frames come? (Misra et al. 2016)", (_, _) => new FrameOrder(), Head("none"));
    }

    private static Dictionary<string, object> Head(string kind, params ReadOnlySpan<(string Key, object Value)> others)
    {
        var defaults = new Dictionary<string, object> { ["head"] = kind };
        foreach (var (key, value) in others) defaults.Add(key, value);
        return defaults;
    }
}
