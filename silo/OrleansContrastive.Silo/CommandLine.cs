namespace OrleansContrastive.Silo;

/// <summary>The command line of a silo: short names for its options, and every option by its full name.</summary>
internal static class CommandLine
{
    private static readonly (string Switch, string Key, string What)[] Switches =
    [
        ("--store", "Store:Address", "folder or blob container for membership, run records and checkpoints, shared by all silos"),
        ("--cluster", "Cluster:ClusterId", "cluster to join; contrastive by default"),
        ("--name", "Worker:Silo", "name of the silo; the machine's and the process id by default"),
        ("--roles", "Worker:Roles", "augmentation, encoder, key, negatives, parameters, run, or all; with commas between them"),
        ("--device", "Worker:Device", "cpu, cuda, or several such as cuda:0,cuda:1"),
        ("--lanes", "Worker:Lanes", "encoders that compute side by side; one per core by default"),
        ("--threads", "Worker:ThreadsPerLane", "threads of a lane; the cores divided by the lanes by default"),
        ("--methods", "Contrastive:Methods", "assemblies with methods of your own, with a path separator between them; OC_METHODS too"),
        ("--ledger", "Worker:LedgerFolder", "folder where encoders write down every commit that they were answered"),
        ("--advertise", "Endpoints:Advertise", "address or host name under which others reach this silo"),
        ("--silo-port", "Endpoints:SiloPort", "port for other silos; 0 = a free one"),
        ("--gateway-port", "Endpoints:GatewayPort", "port for clients; 0 = a free one"),
        ("--health-port", "Health:Port", "port of /health/startup, /health/ready, /health/live; 0 = a free one"),
        ("--dashboard", "Dashboard:Enabled", "true: the live page of all runs at /dashboard of the health port"),
        ("--log", "Log:Format", "human, or json: one compact object a line"),
        ("--log-file", "Log:File", "a file beside the console"),
        ("--log-level", "Log:Level", "Verbose, Debug, Information, Warning, Error"),
    ];

    // What a silo reads, and what the libraries read that it is made of.
    private static readonly string[] Sections =
        ["Store", "Cluster", "Endpoints", "Membership", "Worker", "Contrastive", "Health", "Dashboard", "Log", "Runs", "Orleans", "Serilog", "Kestrel", "Logging"];

    /// <summary>The short names, as configuration takes them.</summary>
    public static IDictionary<string, string> Mappings { get; } = Switches.ToDictionary(entry => entry.Switch, entry => entry.Key);

    /// <summary>What the command is, for a person.</summary>
    public static string Help =>
        "contrastive-silo: a node of a cluster.\n\n"
        + string.Join('\n', Switches.Select(entry => $"  {entry.Switch,-16} {entry.What}  [{entry.Key}]"))
        + "\n\nEvery option of appsettings.json can be given as --Section:Name VALUE, and in the environment as Section__Name.\n"
        + "contrastive-silo --probe startup|ready|live asks the silo whose Health:Port the environment names, and ends with 0 or 1.\n"
        + "Exit codes: 0 left the cluster in order, 1 failed, 2 wrong options.";

    /// <summary>The first thing on a command line that is no option, as a sentence; null where all is well.</summary>
    public static string? Problem(IReadOnlyList<string> args)
    {
        for (var at = 0; at < args.Count; at++)
        {
            var (name, joined) = args[at].IndexOf('=', StringComparison.Ordinal) is > 0 and var equals ? (args[at][..equals], true) : (args[at], false);
            if (!name.StartsWith("--", StringComparison.Ordinal)) return $"'{args[at]}' is no option; expected --NAME VALUE.";
            if (!Mappings.ContainsKey(name) && !name.Contains(':', StringComparison.Ordinal))
                return $"There is no option '{name}'; known: {string.Join(", ", Mappings.Keys)}, and --Section:Name for all of appsettings.json.";
            if (name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && !Sections.Contains(name[2..colon], StringComparer.OrdinalIgnoreCase))
                return $"There is no section '{name[2..colon]}', which '{name}' names; known: {string.Join(", ", Sections)}.";
            if (joined) continue;
            if (at + 1 >= args.Count) return $"Option '{name}' lacks its value.";
            at++;
        }

        return null;
    }
}
