using System.CommandLine;
using OrleansContrastive.Learning.Evaluation;

namespace OrleansContrastive.Cli.Commands.Eval;

/// <summary>The options <c>--k</c> and <c>--temperature</c>, each with every one of the other.</summary>
internal sealed class KnnGrid
{
    private readonly Option<string[]> _neighbours = ManyNumbers.Option("--k", "Numbers of neighbours, with every --temperature.");
    private readonly Option<string[]> _temperatures = ManyNumbers.Option("--temperature", "Temperatures of the votes, with every --k.");

    /// <summary>Adds the options to a command.</summary>
    public static KnnGrid AddTo(Command command)
    {
        var grid = new KnnGrid();
        command.Options.Add(grid._neighbours);
        command.Options.Add(grid._temperatures);
        return grid;
    }

    /// <summary>The pairs that were asked for; none where no option was given.</summary>
    /// <exception cref="UsageException">A number is none, or out of range.</exception>
    public IReadOnlyList<KnnSetting> Read(ParseResult parsed)
    {
        var (ks, ts) = (ManyNumbers.Read(parsed, _neighbours, []), ManyNumbers.Read(parsed, _temperatures, []));
        if (ks.Any(k => k != Math.Floor(k) || k > int.MaxValue)) throw new UsageException($"--k is {string.Join(',', ks)}; expected whole numbers.");
        return ks.Count + ts.Count == 0 ? [] : KnnSetting.Grid(ks.Count == 0 ? [20, 200] : [.. ks.Select(k => (int)k)], ts.Count == 0 ? [0.07, 0.1] : ts);
    }
}
