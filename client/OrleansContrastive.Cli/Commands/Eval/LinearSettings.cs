using System.CommandLine;
using OrleansContrastive.Learning.Evaluation.Linear;

namespace OrleansContrastive.Cli.Commands.Eval;

/// <summary>The options of every evaluation that trains linear classifiers.</summary>
internal sealed class LinearSettings
{
    private readonly LinearOptions _defaults;
    private readonly Option<int> _epochs;
    private readonly Option<int> _batch;
    private readonly Option<string[]> _rates;

    private LinearSettings(Command command, LinearOptions defaults)
    {
        _defaults = defaults;
        _epochs = new("--epochs") { Description = "Passes over the training images.", DefaultValueFactory = _ => defaults.Epochs };
        _batch = new("--batch") { Description = "Images of a step.", DefaultValueFactory = _ => defaults.Batch };
        var rates = string.Join(',', defaults.LearningRates.Select(rate => FormattableString.Invariant($"{rate}")));
        _rates = ManyNumbers.Option("--lr", $"Learning rates to choose from; {rates} by default.");
        command.Options.Add(_epochs);
        command.Options.Add(_batch);
        command.Options.Add(_rates);
    }

    /// <summary>Adds the options to a command.</summary>
    public static LinearSettings AddTo(Command command, LinearOptions defaults) => new(command, defaults);

    /// <summary>What they say.</summary>
    /// <exception cref="UsageException">One is out of range.</exception>
    public LinearOptions Read(ParseResult parsed, ulong seed)
    {
        try
        {
            return (_defaults with
            {
                Epochs = parsed.GetValue(_epochs),
                Batch = parsed.GetValue(_batch),
                LearningRates = ManyNumbers.Read(parsed, _rates, _defaults.LearningRates),
                Seed = seed,
            }).Validated();
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }
}
