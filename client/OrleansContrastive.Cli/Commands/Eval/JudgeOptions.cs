using System.CommandLine;
using OrleansContrastive.Cli.Judging;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Commands.Eval;

/// <summary>The options of every evaluation, and the way from a command line to its verdict.</summary>
internal sealed class JudgeOptions
{
    private static readonly Dictionary<string, FeatureKind> Kinds = new()
    {
        ["encoder"] = FeatureKind.Encoder,
        ["grid"] = FeatureKind.EncoderGrid,
        ["head"] = FeatureKind.Head,
        ["pixels"] = FeatureKind.Pixels,
    };

    private readonly Option<int> _limit = new("--limit") { Description = "Training images used, chosen at random but always the same; 0 = all." };
    private readonly Option<int> _testLimit = new("--test-limit") { Description = "Test images used, chosen at random but always the same; 0 = all." };
    private readonly Option<string?> _weights = new("--weights") { Description = "query, key (the moving average), initial or scratch; what the run's recipe judges by default." };
    private readonly Option<ulong> _seed = new("--eval-seed") { Description = "Seed of what an evaluation draws." };
    private readonly TrainedRunOptions _run;

    private JudgeOptions(Command command)
    {
        _run = TrainedRunOptions.AddTo(command);
        command.Options.Add(_limit);
        command.Options.Add(_testLimit);
        command.Options.Add(_weights);
        command.Options.Add(_seed);
    }

    /// <summary>Adds the options to a command, and what it does.</summary>
    public static void AddTo(Command command, Func<ParseResult, Judgement, CancellationToken, Task<Verdict>> judge)
    {
        var options = new JudgeOptions(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (limit, testLimit) = (Limit(parsed, options._limit), Limit(parsed, options._testLimit));
            var named = options.Weights(parsed);
            await using var run = await options._run.OpenAsync(parsed, cancellation);
            var weights = named ?? (run.Spec.Model.Evaluated == EvaluatedNetwork.Key ? NetworkWeights.Key : NetworkWeights.Query);
            var judgement = new Judgement(run, options._run.Name(parsed), weights, limit, testLimit, parsed.GetValue(options._seed), Console.Error.WriteLine);
            try
            {
                var verdict = await judge(parsed, judgement, cancellation);
                verdict.Show(options._run.Json(parsed));
                return ExitCodes.Done;
            }
            catch (ArgumentException exception)
            {
                // Of a number that no protocol can work with.
                throw new UsageException(exception);
            }
        });
    }

    /// <summary>An option that names one kind of features.</summary>
    public static Option<string> Features() => new("--features") { Description = "encoder, grid (pooled to 2 x 2), head or pixels.", DefaultValueFactory = _ => "encoder" };

    /// <summary>The kind of features that a name stands for.</summary>
    /// <exception cref="UsageException">It stands for none.</exception>
    public static FeatureKind Kind(string name) =>
        Kinds.TryGetValue(name, out var kind) ? kind : throw new UsageException(NearestName.Explain("kind of features", name, Kinds.Keys));

    private static int Limit(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is var limit && limit >= 0
        ? limit
        : throw new UsageException($"{option.Name} is {limit}; expected 1 or more, or 0 for all.");

    private NetworkWeights? Weights(ParseResult parsed)
    {
        if (parsed.GetValue(_weights) is not { } name) return null;
        string[] known = [.. Enum.GetNames<NetworkWeights>().Select(known => known.ToLowerInvariant())];
        return known.Contains(name) ? Enum.Parse<NetworkWeights>(name, ignoreCase: true) : throw new UsageException(NearestName.Explain("weights", name, known));
    }
}
