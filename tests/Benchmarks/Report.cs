using System.Globalization;
using System.Text.Json;

namespace OrleansContrastive.Benchmarks;

/// <summary>The rows as a table for people or as a JSON array for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    public static string Json(IReadOnlyList<BenchRow> rows) => JsonSerializer.Serialize(rows, Options);

    public static string Table(IReadOnlyList<BenchRow> rows)
    {
        string[] header = ["name", "ours", "peer", "unit", "ratio", "budget", "spread", "verdict"];
        var cells = rows.Select(Cells).Prepend(header).ToArray();
        var widths = Enumerable.Range(0, header.Length).Select(column => cells.Max(row => row[column].Length)).ToArray();
        var lines = cells.Select(row => string.Join("  ", row.Select((cell, column) => Align(cell, column, widths[column]))).TrimEnd());
        var notes = rows.Where(row => row.Note is not null).Select(row => $"{row.Name}: {row.Note}");
        return string.Join(Environment.NewLine, lines.Concat(notes));
    }

    private static string[] Cells(BenchRow row) =>
    [
        row.Name, Number(row.Ours), Number(row.Peer), row.Unit, Number(row.Ratio), $">= {Number(row.Budget)}",
        row.Spread is { } spread ? spread.ToString("P0", CultureInfo.InvariantCulture) : "-", row.Verdict,
    ];

    /// <summary>Words to the left, figures to the right.</summary>
    private static string Align(string cell, int column, int width) =>
        column is 0 or 3 or 7 ? cell.PadRight(width) : cell.PadLeft(width);

    private static string Number(double? value) => value switch
    {
        null => "-",
        >= 1000 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("F3", CultureInfo.InvariantCulture),
    };
}
