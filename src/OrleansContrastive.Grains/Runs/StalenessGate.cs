namespace OrleansContrastive.Grains.Runs;

/// <summary>
/// The bound of bounded asynchrony (Ho et al. 2013, stale synchronous parallel, in versions instead of clocks): a gradient in
/// work can be overtaken by every other one in work, so each of them counts beforehand, and the bound holds whatever the
/// order of the commits.
/// </summary>
internal static class StalenessGate
{
    /// <summary>Whether no gradient in work can be older than the bound when it is applied.</summary>
    /// <param name="version">Newest version in the order.</param>
    /// <param name="bases">The oldest version that each gradient in work may be taken at.</param>
    /// <param name="bound">Updates that a gradient may be old.</param>
    public static bool Admits(long version, IReadOnlyCollection<long> bases, long bound) =>
        bases.Count == 0 || version + bases.Count - 1 - bases.Min() <= bound;
}
