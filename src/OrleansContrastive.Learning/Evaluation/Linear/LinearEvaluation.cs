using TorchSharp;

namespace OrleansContrastive.Learning.Evaluation.Linear;

/// <summary>
/// Linear evaluation on cached features of a frozen encoder (Zhang et al. 2016; the protocol of MoCo and SimCLR): multinomial
/// logistic regression by SGD. The learning rate is chosen on a held-out part of the training rows, never on the test rows; the
/// classifier is then trained anew on all of them. Deterministic. On one executor's thread.
/// </summary>
public static class LinearEvaluation
{
    /// <summary>Trains on some rows and judges on others.</summary>
    /// <param name="train">Rows with classes, none negative.</param>
    /// <param name="test">Rows with classes; one that no training row has is always a miss.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Where the classifiers compute.</param>
    /// <param name="progress">Told the share of the work that is done.</param>
    /// <exception cref="ArgumentException">A class is missing, widths differ, or an option is out of range.</exception>
    public static LinearResult Run(FeatureRows train, FeatureRows test, LinearOptions options, torch.Device device, Action<double>? progress = null)
    {
        var classes = Require(train, test);
        options.Validated();
        if (options.LearningRates.Count == 1) return new(Fit(train, test, Everything(train), null, classes, options, device, progress)[0], []);

        var (kept, heldOut) = LabelSplit.HoldOut(train.Count, options.HeldOut, options.Seed);
        if (heldOut.Length == 0)
            throw new ArgumentException($"{train.Count} training rows leave none to choose among {options.LearningRates.Count} learning rates by.", nameof(train));
        var sweep = Fit(train, train, kept, heldOut, classes, options, device, share => progress?.Invoke(share / 2));
        var chosen = options with { LearningRates = [Best(sweep).LearningRate] };
        return new(Fit(train, test, Everything(train), null, classes, chosen, device, share => progress?.Invoke(0.5 + (share / 2)))[0], sweep);
    }

    /// <summary>The first of the most accurate classifiers.</summary>
    public static LinearScore Best(IReadOnlyList<LinearScore> sweep) => sweep.MaxBy(score => score.Top1);

    /// <summary>Checks that rows can be learned from and judged by.</summary>
    /// <returns>The number of classes.</returns>
    /// <exception cref="ArgumentException">A class is missing, or widths differ.</exception>
    public static int Require(FeatureRows train, FeatureRows test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (train.Width != test.Width) throw new ArgumentException($"Training rows have {train.Width} numbers, test rows {test.Width}.");
        if (train.Count == 0 || test.Count == 0) throw new ArgumentException($"There are {train.Count} training and {test.Count} test rows; expected 1 or more of both.");
        if (train.Labels.Any(label => label < 0) || test.Labels.Any(label => label < 0))
            throw new ArgumentException("Some rows have no class; this evaluation needs labels.");
        return Math.Max(train.Classes, test.Classes);
    }

    private static int[] Everything(FeatureRows rows) => [.. Enumerable.Range(0, rows.Count)];

    private static IReadOnlyList<LinearScore> Fit(
        FeatureRows train, FeatureRows judged, int[] kept, int[]? chosen, int classes, LinearOptions options, torch.Device device, Action<double>? progress)
    {
        using var training = new LinearTraining(train, classes, kept, options, device);
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            training.Epoch(train, epoch);
            progress?.Invoke((epoch + 1.0) / options.Epochs);
        }

        return training.Evaluate(judged, chosen);
    }
}
