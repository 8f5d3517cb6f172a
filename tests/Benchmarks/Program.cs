using OrleansContrastive.Benchmarks;
using OrleansContrastive.Benchmarks.Silos;

// Rows about several processes start this program again.
if (args is [BenchNode.Command, .. var node]) return await BenchNode.RunAsync(node);

const string Usage = "./run bench [NAME...] [--json] [--rounds N]   ours against the peer, measured alternately";

// Progress goes to standard error, the report alone to standard output.
var json = false;
var rounds = 3;
var names = new List<string>();
for (var index = 0; index < args.Length; index++)
{
    if (args[index] == "--json") json = true;
    else if (args[index] == "--rounds" && index + 1 < args.Length && int.TryParse(args[index + 1], out rounds) && rounds > 0) index++;
    else if (!args[index].StartsWith('-') || args[index] == "--help") names.Add(args[index]);
    else return Refuse($"'{string.Join(' ', args[index..])}' is not understood.");
}

var contests = Catalog.All(rounds);
if (names.Contains("--help"))
{
    Console.WriteLine(Usage);
    foreach (var contest in contests) Console.WriteLine($"  {contest.Name}");
    return 0;
}

foreach (var unknown in names.Where(name => contests.All(contest => contest.Name != name)))
    return Refuse($"There is no row named '{unknown}'. Rows: {string.Join(", ", contests.Select(contest => contest.Name))}.");

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};

var progress = new StandardError();
var rows = new List<BenchRow>();
foreach (var contest in contests.Where(contest => names.Count == 0 || names.Contains(contest.Name)))
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

static int Refuse(string why)
{
    Console.Error.WriteLine($"{why}{Environment.NewLine}{Usage}");
    return 2;
}

internal sealed class StandardError : IProgress<string>
{
    public void Report(string value) => Console.Error.WriteLine(value);
}
