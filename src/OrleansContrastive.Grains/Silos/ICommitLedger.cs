using OrleansContrastive.Contracts.Leases;

namespace OrleansContrastive.Grains.Silos;

/// <summary>
/// Where encoders write down every commit that was acknowledged to them: the other side of the book, so that "nothing was
/// lost" can be found out and need not be believed. Safe for all threads.
/// </summary>
public interface ICommitLedger
{
    /// <summary>Writes an acknowledged commit down.</summary>
    /// <param name="run">The run.</param>
    /// <param name="commit">What the encoder had asked for.</param>
    void Append(string run, CommitRequest commit);

    /// <summary>Writes nothing down.</summary>
    static ICommitLedger None { get; } = new Nothing();

    private sealed class Nothing : ICommitLedger
    {
        public void Append(string run, CommitRequest commit)
        {
        }
    }
}
