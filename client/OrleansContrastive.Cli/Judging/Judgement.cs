using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Judging;

/// <summary>What every protocol judges, and on how many images.</summary>
/// <param name="Run">The run.</param>
/// <param name="Name">What the user called it.</param>
/// <param name="Weights">Whose features.</param>
/// <param name="Limit">Training images used, chosen at random but always the same; 0 = all.</param>
/// <param name="TestLimit">Test images used, chosen at random but always the same; 0 = all.</param>
/// <param name="Seed">Seed of everything that an evaluation draws.</param>
/// <param name="Say">Tells a person what goes on.</param>
internal sealed record Judgement(TrainedRun Run, string Name, NetworkWeights Weights, int Limit, int TestLimit, ulong Seed, Action<string> Say)
{
    /// <summary>What the run learns.</summary>
    public RunSpec Spec => Run.Spec;

    /// <summary>The run's training images.</summary>
    public FeatureRequest Training => new(Run.Training) { Count = Spec.Dataset.Count, Limit = Limit };

    /// <summary>The run's test images.</summary>
    public FeatureRequest Test => new(Run.Test) { Limit = TestLimit };

    /// <summary>Images that must have classes.</summary>
    /// <exception cref="UsageException">They have none.</exception>
    public static FeatureRequest Labelled(FeatureRequest request, string protocol) => request.Dataset.HasLabels
        ? request
        : throw new UsageException($"{protocol} needs labels; data set {request.Dataset.Name} has none. A folder of images has them where each class is a folder of its own.");

    /// <summary>Whether the run has a projection head.</summary>
    public bool HasHead => Spec.Model.Head != "none";

    /// <summary>Features that the run has.</summary>
    /// <exception cref="UsageException">The head's are asked for, and it has none.</exception>
    public FeatureKind Having(FeatureKind kind) => kind != FeatureKind.Head || HasHead
        ? kind
        : throw new UsageException($"--features is head; run '{Run.Manifest.RunId}' has no head.");

    /// <summary>Opens another data set.</summary>
    /// <exception cref="UsageException">It is not known, or needs a path.</exception>
    public IImageDataset Open(string name, string? path, string split)
    {
        try
        {
            return Run.Open(new() { Name = name, DataPath = path, Split = split });
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }

    /// <summary>Features of images.</summary>
    /// <param name="what">What the images are called.</param>
    /// <param name="request">The images.</param>
    /// <param name="unit">Whether rows are divided by their lengths.</param>
    /// <param name="weights">Whose features.</param>
    /// <param name="kinds">Which.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<IReadOnlyList<FeatureRows>> FeaturesAsync(
        string what, FeatureRequest request, bool unit, NetworkWeights weights, IReadOnlyList<FeatureKind> kinds, CancellationToken cancellation)
    {
        Say(FormattableString.Invariant($"Features of {request.Rows:N0} {what} ..."));
        return Run.FeaturesAsync(request with { Kinds = kinds, Unit = unit }, weights, cancellation);
    }
}
