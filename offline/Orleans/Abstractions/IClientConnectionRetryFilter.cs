namespace Orleans;

/// <summary>Decides whether a client tries again to connect to its cluster.</summary>
public interface IClientConnectionRetryFilter
{
    /// <summary>Called after an attempt that failed; waits as long as it wants to.</summary>
    /// <param name="exception">How it failed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True to try again; false to give up with this exception.</returns>
    Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken);
}
