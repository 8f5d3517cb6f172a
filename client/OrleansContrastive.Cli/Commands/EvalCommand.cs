using System.CommandLine;
using OrleansContrastive.Cli.Commands.Eval;
using OrleansContrastive.Cli.Judging;
using OrleansContrastive.Learning.Evaluation.FineTuning;
using OrleansContrastive.Learning.Evaluation.Linear;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive eval</c>: judges a checkpoint of a run by the protocols of the field (docs/evaluation.md).</summary>
internal static class EvalCommand
{
    private static readonly LinearOptions Quick = new() { Epochs = 30, LearningRates = [0.003, 0.03, 0.3] };

    /// <summary>Makes the command.</summary>
    public static Command Create() => new("eval", "Judges what a run has learned.") { Knn(), Linear(), Svm(), FineTune(), Transfer(), Retrieve(), Probe() };

    private static Command Knn()
    {
        var command = new Command("knn", "Weighted kNN of the test images among the training images.");
        var grid = KnnGrid.AddTo(command);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) => KnnJudge.RunAsync(judgement, grid.Read(parsed), cancellation));
        return command;
    }

    private static Command Linear()
    {
        var command = new Command("linear", "Linear classifiers on the frozen encoder's features.");
        var settings = LinearSettings.AddTo(command, new());
        var (features, augment) = (JudgeOptions.Features(), new Option<bool>("--augment") { Description = "Train on crops and flips that are new in every epoch, not on cached features." });
        command.Options.Add(features);
        command.Options.Add(augment);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) => LinearJudge.RunAsync(
            judgement, settings.Read(parsed, judgement.Seed), judgement.Having(JudgeOptions.Kind(parsed.GetValue(features)!)), parsed.GetValue(augment), cancellation));
        return command;
    }

    private static Command Svm()
    {
        var command = new Command("svm", "Linear support vector machines on the frozen encoder's features.");
        var (features, costs) = (JudgeOptions.Features(), ManyNumbers.Option("--cost", $"Costs to choose from; {string.Join(',', SvmEvaluation.Costs.Select(cost => FormattableString.Invariant($"{cost}")))} by default."));
        command.Options.Add(features);
        command.Options.Add(costs);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) => SvmJudge.RunAsync(
            judgement, ManyNumbers.Read(parsed, costs, SvmEvaluation.Costs), judgement.Having(JudgeOptions.Kind(parsed.GetValue(features)!)), cancellation));
        return command;
    }

    private static Command FineTune()
    {
        var command = new Command("finetune", "The whole network trained on few labels, against the same network from scratch.");
        var shares = ManyNumbers.Option("--share", "Shares of the labels; 0.01,0.1 by default.");
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the labelled images; 60 up to 2 % of the labels, otherwise 30." };
        var batch = new Option<int>("--batch") { Description = "Images of a step.", DefaultValueFactory = _ => new FineTuneOptions().Batch };
        var rate = new Option<double>("--lr") { Description = "Peak learning rate of the encoder.", DefaultValueFactory = _ => new FineTuneOptions().LearningRate };
        var headRate = new Option<double>("--head-lr") { Description = "Peak learning rate of the classifier.", DefaultValueFactory = _ => new FineTuneOptions().HeadLearningRate };
        var scratchRate = new Option<double>("--scratch-lr") { Description = "Peak learning rate of the encoder from scratch.", DefaultValueFactory = _ => 0.1 };
        foreach (var option in new Option[] { shares, epochs, batch, rate, headRate, scratchRate }) command.Options.Add(option);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) =>
        {
            if (parsed.GetValue(scratchRate) is var scratch and not > 0) throw new UsageException(FormattableString.Invariant($"--scratch-lr is {scratch}; expected above 0."));
            return FineTuneJudge.RunAsync(judgement, ManyNumbers.Read(parsed, shares, [0.01, 0.1]), Options, parsed.GetValue(scratchRate), cancellation);

            FineTuneOptions Options(double share) => new FineTuneOptions
            {
                Epochs = parsed.GetValue(epochs) ?? (share <= 0.02 ? 60 : 30),
                Batch = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                HeadLearningRate = parsed.GetValue(headRate),
                Seed = judgement.Seed,
            }.Validated();
        });
        return command;
    }

    private static Command Transfer()
    {
        var command = new Command("transfer", "kNN and linear evaluation of the encoder on another data set.");
        var target = new Option<string>("--to") { Description = "A name of 'contrastive datasets list'.", Required = true };
        var data = new Option<string?>("--data") { Description = "Its folder; the cache by default." };
        var settings = LinearSettings.AddTo(command, new());
        command.Options.Add(target);
        command.Options.Add(data);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) => TransferJudge.RunAsync(
            judgement, parsed.GetValue(target)!, parsed.GetValue(data), settings.Read(parsed, judgement.Seed), cancellation));
        return command;
    }

    private static Command Retrieve()
    {
        var command = new Command("retrieval", "Test images look for training images of their class: recall and mean average precision.");
        var gallery = new Option<string?>("--gallery") { Description = "Another data set to search, with classes of the same names." };
        var data = new Option<string?>("--gallery-data") { Description = "Its folder; the cache by default." };
        command.Options.Add(gallery);
        command.Options.Add(data);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) =>
        {
            var (name, path) = (parsed.GetValue(gallery), parsed.GetValue(data));
            if (name is null && path is not null) throw new UsageException($"--gallery-data is '{path}'; expected --gallery beside it, the data set that lies there.");
            return RetrievalJudge.RunAsync(judgement, name, path, cancellation);
        });
        return command;
    }

    private static Command Probe()
    {
        var command = new Command("probe", "What the encoder's and the head's output still know: class, rotation, colour, noise, blur.");
        var settings = LinearSettings.AddTo(command, Quick);
        JudgeOptions.AddTo(command, (parsed, judgement, cancellation) => ProbeJudge.RunAsync(judgement, settings.Read(parsed, judgement.Seed), cancellation));
        return command;
    }
}
