using System.CommandLine;
using OrleansContrastive.Hosting.Workers;
using TorchSharp;

namespace OrleansContrastive.Cli.Commands;

/// <summary>Options of all commands that run something.</summary>
internal sealed class RunOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object as the only line on standard output; progress goes to standard error." };
    private readonly Option<string> _device = new("--device") { Description = "cpu, cuda, or several such as cuda:0,cuda:1.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<int> _lanes = new("--lanes") { Description = "Encoders that compute side by side; one per core by default." };

    /// <summary>Folder of the run.</summary>
    public Option<string?> Out { get; } = new("--out") { Description = "Folder of the run; runs/METHOD-DATASET-TIME by default." };

    /// <summary>Adds the options to a command.</summary>
    public static RunOptions AddTo(Command command, bool withOut = true)
    {
        var options = new RunOptions();
        if (withOut) command.Options.Add(options.Out);
        command.Options.Add(options._device);
        command.Options.Add(options._lanes);
        command.Options.Add(options._json);
        return options;
    }

    /// <summary>Whether only JSON is wanted.</summary>
    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>What the embedded silo offers.</summary>
    /// <exception cref="UsageException">A device that is not here, or a number of lanes below 0.</exception>
    public Action<WorkerOptions> Worker(ParseResult parsed)
    {
        var (device, lanes) = (parsed.GetValue(_device)!, parsed.GetValue(_lanes));
        if (lanes < 0) throw new UsageException($"--lanes is {lanes}; expected 1 or more, or 0 for one per core.");
        foreach (var name in device.Split(',', StringSplitOptions.TrimEntries)) CheckDevice(name, among: device);
        return options => (options.Device, options.Lanes) = (device, lanes);
    }

    private static void CheckDevice(string name, string among)
    {
        var parts = name.Split(':');
        if (name == "cpu" && among == name) return;
        var known = parts[0] == "cuda" && parts.Length <= 2 && (parts.Length == 1 || uint.TryParse(parts[1], out _));
        if (!known) throw new UsageException($"--device is '{among}'; expected cpu, cuda, or several such as cuda:0,cuda:1.");
        // Falling back to the CPU in silence would cost hours.
        if (!torch.cuda.is_available()) throw new UsageException($"--device is '{among}'; libtorch {torch.__version__} finds no CUDA device here.");
    }
}
