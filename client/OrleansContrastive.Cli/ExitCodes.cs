namespace OrleansContrastive.Cli;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It was tried and failed; the last line says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line, a preset or a name is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Ended by Ctrl-C; what trains has written a checkpoint, and an experiment the results so far.</summary>
    public const int Interrupted = 130;
}
