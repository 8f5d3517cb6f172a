using Microsoft.Extensions.Options;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>What a silo offers to runs. Bound from the section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the silo, part of its grains' keys; no slash. Empty = the machine's name and the process id.</summary>
    public string Silo { get; set; } = "";

    /// <summary>What it offers.</summary>
    public WorkerRoles Roles { get; set; } = WorkerRoles.All;

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:0,cuda:1</c>.</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>CPU lanes: encoders that compute side by side. 0 = one per core.</summary>
    public int Lanes { get; set; }

    /// <summary>Threads of one CPU lane; 0 = the cores divided by the lanes.</summary>
    public int ThreadsPerLane { get; set; }

    /// <summary>Time between two heartbeats.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time between two looks into the store for new runs.</summary>
    public TimeSpan DirectoryPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a silo that stops waits for its leases and shards to be taken over.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Folder where encoders write down every commit that they were answered; empty = they do not.</summary>
    public string LedgerFolder { get; set; } = "";

    /// <summary>For experiments: leases take so many times as long on the last lane, by sleeping. 1 = no handicap.</summary>
    public double Handicap { get; set; } = 1;

    /// <summary>For experiments: every call to a grain of a run comes so much later, as if it had come from far away.</summary>
    public TimeSpan CallLatency { get; set; }
}

/// <summary>Refuses options that cannot work, when the host starts.</summary>
internal sealed class WorkerOptionsValidator : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var problems = new List<string>();
        if (options.Silo.Contains('/', StringComparison.Ordinal)) problems.Add($"Worker:Silo is '{options.Silo}'; a silo's name holds no slash.");
        if (!LaneFactory.IsDevice(options.Device)) problems.Add($"Worker:Device is '{options.Device}'; expected cpu, cuda, or several such as cuda:0,cuda:1.");
        if (options.Lanes < 0) problems.Add($"Worker:Lanes is {options.Lanes}; expected 0 (one per core) or more.");
        if (options.ThreadsPerLane < 0) problems.Add($"Worker:ThreadsPerLane is {options.ThreadsPerLane}; expected 0 (cores / lanes) or more.");
        if (options.Roles == WorkerRoles.None) problems.Add("Worker:Roles is empty; name at least one role, or All.");
        if (options.Heartbeat <= TimeSpan.Zero || options.Heartbeat > TimeSpan.FromSeconds(2))
            problems.Add($"Worker:Heartbeat is {options.Heartbeat}; expected above 0 and at most 2 s, since a silo silent for 4 s is taken for dead.");
        if (options.DirectoryPeriod <= TimeSpan.Zero || options.DirectoryPeriod > TimeSpan.FromMinutes(1))
            problems.Add($"Worker:DirectoryPeriod is {options.DirectoryPeriod}; expected above 0 and at most 1 min, the longest that a new run waits to be seen.");
        if (options.Handicap is < 1 or > 1000) problems.Add($"Worker:Handicap is {options.Handicap}; expected 1 (none) to 1000 times as slow.");
        if (options.CallLatency < TimeSpan.Zero || options.CallLatency > TimeSpan.FromSeconds(1))
            problems.Add($"Worker:CallLatency is {options.CallLatency}; expected 0 (none) to 1 s.");
        if (options.DrainTimeout < TimeSpan.Zero || options.DrainTimeout > TimeSpan.FromMinutes(10))
            problems.Add($"Worker:DrainTimeout is {options.DrainTimeout}; expected 0 to 10 min, and less than what the platform grants between SIGTERM and SIGKILL.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
