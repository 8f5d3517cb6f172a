using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OrleansContrastive.Cli.Judging;

/// <summary>The result of a protocol: a table for a person, an object for a program.</summary>
internal sealed class Verdict
{
    private const int WidthOfFiles = 110;

    private readonly Table _table = new() { Border = TableBorder.Simple };
    private readonly List<string> _notes = [];
    private readonly string _title;

    /// <summary>Begins with what is known of every run.</summary>
    /// <param name="protocol">Its name on the command line.</param>
    /// <param name="judgement">What was judged.</param>
    /// <param name="columns">Of the table.</param>
    public Verdict(string protocol, Judgement judgement, params IEnumerable<string> columns)
    {
        var spec = judgement.Spec;
        Json = new()
        {
            ["protocol"] = protocol,
            ["method"] = spec.Method,
            ["dataset"] = spec.Dataset.Name,
            ["encoder"] = spec.Model.Encoder,
            ["epochs"] = spec.Epochs,
            ["batch"] = spec.Batch,
            ["version"] = judgement.Run.Manifest.Version,
            ["samplesApplied"] = judgement.Run.Manifest.SamplesApplied,
            ["evaluated"] = judgement.Weights.ToString().ToLowerInvariant(),
            ["seed"] = spec.Seed,
            ["precision"] = spec.Model.Precision,
            ["folder"] = judgement.Name,
        };
        _title = string.Create(
            CultureInfo.InvariantCulture, $"{protocol}: {spec.Method}, {spec.Model.Encoder}, {spec.Dataset.Name}, version {judgement.Run.Manifest.Version:N0}");
        foreach (var column in columns)
        {
            var shown = new TableColumn(Markup.Escape(column));
            _table.AddColumn(_table.Columns.Count == 0 ? shown : shown.RightAligned());
        }
    }

    /// <summary>The object.</summary>
    public JsonObject Json { get; }

    /// <summary>A share of 0 to 1 as the object has it.</summary>
    public static double Share(double value) => Math.Round(value, 4);

    /// <summary>A share of 0 to 1 as a person reads it.</summary>
    public static string Percent(double value) => value.ToString("P2", CultureInfo.InvariantCulture);

    /// <summary>A number as a person reads it.</summary>
    public static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>Adds a line to the table.</summary>
    public void Row(params IEnumerable<string> cells) => _table.AddRow([.. cells.Select(Markup.Escape)]);

    /// <summary>Adds a sentence below the table.</summary>
    public void Note(string sentence) => _notes.Add(sentence);

    /// <summary>Adds numbers, shares rounded, to the object.</summary>
    public void Set(string name, JsonNode? value) => Json[name] = value;

    /// <summary>Shows the table, and the object as the last line where it was asked for.</summary>
    public void Show(bool json)
    {
        var isFile = json ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new() { Ansi = isFile ? AnsiSupport.No : AnsiSupport.Detect, Out = new AnsiConsoleOutput(json ? Console.Error : Console.Out) });
        // A file has no width of its own.
        if (isFile) console.Profile.Width = WidthOfFiles;
        console.WriteLine(_title);
        console.Write(_table);
        foreach (var note in _notes) console.WriteLine(note);
        if (json) Console.WriteLine(Json.ToJsonString());
    }
}
