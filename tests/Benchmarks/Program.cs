using OrleansContrastive.Benchmarks;
using OrleansContrastive.Benchmarks.Silos;

// Rows about several processes start this program again.
if (args is [BenchNode.Command, .. var node]) return await BenchNode.RunAsync(node);

// Progress goes to standard error, the report alone to standard output.
var json = args.Contains("--json");
var only = Options(args, "--only");
var rounds = Options(args, "--rounds").Select(int.Parse).Cast<int?>().LastOrDefault();
var contests = Catalog.All(rounds ?? 3);

if (args.Contains("--help"))
{
    Console.WriteLine("./run bench [--json] [--only NAME]... [--rounds N]   ours against the peer, measured alternately");
    foreach (var contest in contests) Console.WriteLine($"  {contest.Name}");
    return 0;
}

foreach (var unknown in only.Where(name => contests.All(contest => contest.Name != name)))
{
    Console.Error.WriteLine($"There is no row named '{unknown}'. Rows: {string.Join(", ", contests.Select(c => c.Name))}.");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};

var progress = new StandardError();
var rows = new List<BenchRow>();
foreach (var contest in contests.Where(contest => only.Count == 0 || only.Contains(contest.Name)))
{
    try
    {
        rows.Add(await contest.RunAsync(progress, stop.Token));
    }
    catch (Exception error) when (error is not OperationCanceledException)
    {
        progress.Report($"{contest.Name} failed: {error}");
        rows.Add(new BenchRow(contest.Name, null, null, contest.Unit, null, contest.Budget)
        {
            Failed = true,
            Note = $"failed: {error.Message}",
        });
    }
}

Console.WriteLine(json ? Report.Json(rows) : Report.Table(rows));
return rows.Any(row => row.Failed) ? 1 : 0;

static List<string> Options(string[] arguments, string name) =>
    [.. arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == name).Select(pair => pair.Second)];

internal sealed class StandardError : IProgress<string>
{
    public void Report(string value) => Console.Error.WriteLine(value);
}
