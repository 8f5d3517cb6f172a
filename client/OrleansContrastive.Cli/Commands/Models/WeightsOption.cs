using System.CommandLine;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Data;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary><c>--weights</c>: whose network is meant.</summary>
internal sealed class WeightsOption
{
    private static readonly string[] Names = ["query", "key", "initial"];

    private readonly Option<string> _weights = new("--weights") { Description = "query (what gradients move), key (its moving average) or initial.", DefaultValueFactory = _ => "query" };

    /// <summary>Adds it to a command.</summary>
    public static WeightsOption AddTo(Command command)
    {
        var option = new WeightsOption();
        command.Options.Add(option._weights);
        return option;
    }

    /// <summary>What was chosen.</summary>
    /// <exception cref="UsageException">It is none of the three.</exception>
    public NetworkWeights Read(ParseResult parsed)
    {
        var name = parsed.GetValue(_weights)!;
        var index = Array.IndexOf(Names, name);
        return index >= 0 ? (NetworkWeights)index : throw new UsageException(NearestName.Explain("weights", name, Names));
    }
}
