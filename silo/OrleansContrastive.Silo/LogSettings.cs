using System.Globalization;
using Serilog;
using Serilog.Events;

namespace OrleansContrastive.Silo;

/// <summary>Where a silo's log goes. Bound from the section <c>Log</c>; a section <c>Serilog</c> is obeyed as well.</summary>
internal sealed class LogSettings
{
    private const string Human = "[{Timestamp:HH:mm:ss.fff} {Level:u3}] {Message:lj}{NewLine}{Exception}";

    /// <summary><c>human</c>, or <c>json</c>: one compact object a line.</summary>
    public string Format { get; set; } = "human";

    /// <summary>A file beside the console; empty = none. It rolls at 100 MB, and ten are kept.</summary>
    public string File { get; set; } = "";

    /// <summary>The least level that is written.</summary>
    public string Level { get; set; } = "Information";

    /// <summary>What is wrong with the settings, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        if (Format is not ("human" or "json")) yield return $"Log:Format is '{Format}'; expected human or json.";
        if (!Enum.TryParse<LogEventLevel>(Level, ignoreCase: true, out _))
            yield return $"Log:Level is '{Level}'; expected one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}.";
    }

    /// <summary>Makes the logger.</summary>
    public Serilog.Core.Logger Create(IConfiguration configuration, string silo)
    {
        var log = new LoggerConfiguration()
            .MinimumLevel.Is(Enum.Parse<LogEventLevel>(Level, ignoreCase: true))
            // The runtime's own words at the information level are hundreds of lines a start.
            .MinimumLevel.Override("Orleans", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .Enrich.WithProperty("Silo", silo)
            .ReadFrom.Configuration(configuration);
        if (Format == "json") log.WriteTo.Console(new CompactFormatter());
        else log.WriteTo.Console(outputTemplate: Human, formatProvider: CultureInfo.InvariantCulture);
        if (File.Length > 0)
        {
            if (Format == "json") log.WriteTo.File(new CompactFormatter(), File, fileSizeLimitBytes: 100 << 20, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
            else log.WriteTo.File(File, outputTemplate: Human, formatProvider: CultureInfo.InvariantCulture, fileSizeLimitBytes: 100 << 20, rollOnFileSizeLimit: true, retainedFileCountLimit: 10);
        }

        return log.CreateLogger();
    }
}
