using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Golden;

/// <summary>Runs tensor code and asserts that every tensor it made on this thread was disposed.</summary>
public static class Leaks
{
    public static void None(Action test)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        test();
        var left = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
        Assert.True(left == 0, $"{left} tensors were not disposed.");
    }
}
