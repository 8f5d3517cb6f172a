using Microsoft.Extensions.Options;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>
/// How soon silos find each other dead. Bound from the section <c>Membership</c>, on both stacks; much shorter than Orleans' own
/// defaults, with which a run stood still for 12 to 31 s. A silo that is silent for <c>ProbeTimeout x MissedProbes</c> is suspected.
/// </summary>
public sealed class FailureDetection
{
    /// <summary>Time between two probes, and for the answer to one.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>Missed probes before a silo is suspected.</summary>
    public int MissedProbes { get; set; } = 3;

    /// <summary>Suspicions that make it dead; fewer silos than that are enough where there are no more.</summary>
    public int Votes { get; set; } = 2;

    /// <summary>How often the membership table is read.</summary>
    public TimeSpan TableRefresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a silo writes that it lives.</summary>
    public TimeSpan IAmAlive { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Refuses settings under which a busy silo would be declared dead, or a dead one never.</summary>
internal sealed class FailureDetectionValidator : IValidateOptions<FailureDetection>
{
    // The start-up test asks those that were heard of within 20 s.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    public ValidateOptionsResult Validate(string? name, FailureDetection options)
    {
        var problems = new List<string>();
        if (options.ProbeTimeout < TimeSpan.FromMilliseconds(100) || options.ProbeTimeout > TimeSpan.FromMinutes(1))
            problems.Add($"Membership:ProbeTimeout is {options.ProbeTimeout}; expected 0.1 s to 1 min.");
        if (options.MissedProbes < 1) problems.Add($"Membership:MissedProbes is {options.MissedProbes}; expected 1 or more.");
        if (options.Votes < 1) problems.Add($"Membership:Votes is {options.Votes}; expected 1 or more.");
        if (options.TableRefresh <= TimeSpan.Zero) problems.Add($"Membership:TableRefresh is {options.TableRefresh}; expected above 0.");
        if (options.IAmAlive <= TimeSpan.Zero || options.IAmAlive > LongestSilence) problems.Add($"Membership:IAmAlive is {options.IAmAlive}; expected above 0 and at most {LongestSilence.TotalSeconds:F0} s.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
