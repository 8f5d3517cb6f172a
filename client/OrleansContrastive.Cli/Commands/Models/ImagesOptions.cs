using System.CommandLine;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Hosting.Evaluation;

namespace OrleansContrastive.Cli.Commands.Models;

/// <summary>Images that a run's encoder looks at.</summary>
/// <param name="Dataset">The images, with the run's channels.</param>
/// <param name="Count">How many of them, from the first on.</param>
/// <param name="Name">What they are, for messages.</param>
internal sealed record ChosenImages(IImageDataset Dataset, int Count, string Name);

/// <summary>The options by which a command names images.</summary>
internal sealed class ImagesOptions
{
    private readonly Option<string> _split;
    private readonly Option<string?> _dataset = new("--dataset") { Description = "Another data set than the run's: a name of 'contrastive datasets list'." };
    private readonly Option<string?> _data = new("--data") { Description = "Another folder of the data set than the run's, or than the cache." };
    private readonly Option<int> _count;

    private ImagesOptions(string split, int count)
    {
        _split = new("--split") { Description = "train or test (what the run uses of them), or any part such as test[:1000].", DefaultValueFactory = _ => split };
        _count = new("--count") { Description = "Only the first so many images; 0 = all.", DefaultValueFactory = _ => count };
    }

    /// <summary>Adds them to a command.</summary>
    public static ImagesOptions AddTo(Command command, string split = "test", int count = 0)
    {
        var options = new ImagesOptions(split, count);
        foreach (var option in new Option[] { options._split, options._dataset, options._data, options._count }) command.Options.Add(option);
        return options;
    }

    /// <summary>Opens the images; they are closed with the run.</summary>
    /// <exception cref="UsageException">There are none of that name, or the number is below 0.</exception>
    public ChosenImages Open(ParseResult parsed, TrainedRun run)
    {
        var (split, name, count) = (parsed.GetValue(_split)!, parsed.GetValue(_dataset), parsed.GetValue(_count));
        if (count < 0) throw new UsageException($"--count is {count}; expected 1 or more, or 0 for all.");
        var own = run.Spec.Dataset;
        try
        {
            // The run's own parts, as its spec has them.
            var data = parsed.GetValue(_data);
            var (dataset, most) = (name ?? data, split) switch
            {
                (null, "train") => (run.Training, own.Count),
                (null, "test") => (run.Test, int.MaxValue),
                _ => (run.Open(new() { Name = name ?? own.Name, Split = split, DataPath = data ?? (name is null ? own.Path : null) }), int.MaxValue),
            };
            most = Math.Min(most, dataset.Count);
            return new(dataset, count == 0 ? most : Math.Min(count, most), $"{name ?? own.Name} {split}");
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
    }
}
