using TorchSharp;
using Xunit;

namespace OrleansContrastive.Tests.Shared;

/// <summary>Put around a test's tensors, <c>using var leaks = new TensorLeaks();</c>, fails where one is left over.</summary>
public sealed class TensorLeaks : IDisposable
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly long _before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public void Dispose()
    {
        // The counts belong to a thread: an await in between would compare those of two.
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
        Assert.Equal(_before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
