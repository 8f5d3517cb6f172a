using System.CommandLine;
using System.Globalization;
using OrleansContrastive.Data.Datasets;
using OrleansContrastive.Data.Datasets.Fetching;

namespace OrleansContrastive.Cli.Commands;

/// <summary><c>contrastive datasets</c>: what there is, and how to get it.</summary>
internal static class DatasetsCommand
{
    private static readonly Argument<string> Name = new("name") { Description = "A name of 'contrastive datasets list'." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "The known data sets and what of them is in the cache.");
        list.SetAction(_ => List());
        var fetch = new Command("fetch", "Gets a data set into the cache, verified by SHA-256.") { Name };
        fetch.SetAction((parsed, cancellation) => FetchAsync(parsed.GetValue(Name)!, cancellation));
        return new Command("datasets", "Data sets known by name.") { list, fetch };
    }

    private static int List()
    {
        Console.WriteLine($"Cache: {DatasetCache.Root}");
        foreach (var dataset in DatasetCatalog.Describe())
        {
            var where = dataset is { IsPresent: true, Folder: null } ? "made on the fly"
                : dataset.IsPresent ? string.Create(CultureInfo.InvariantCulture, $"in the cache, {dataset.BytesOnDisk / 1e6:F1} MB")
                : dataset.CanFetch ? $"get it by: contrastive datasets fetch {dataset.Name}"
                : "give its folder by --data";
            var counts = dataset.TrainCount is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{dataset.TrainCount:N0} + {dataset.TestCount:N0}");
            Console.WriteLine($"  {dataset.Name,-19} {counts,-18} {dataset.Summary,-48} {where}");
        }

        return ExitCodes.Done;
    }

    private static async Task<int> FetchAsync(string name, CancellationToken cancellation)
    {
        try
        {
            var folder = await new DatasetFetcher().FetchAsync(name, cancellationToken: cancellation);
            Console.WriteLine($"{name} is in {folder}");
            return ExitCodes.Done;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception);
        }
        catch (DatasetFetchException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
    }
}
