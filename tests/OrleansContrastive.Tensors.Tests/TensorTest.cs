using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

/// <summary>A scope around every test, and no tensor left when it has ended. Tests run on one thread from start to end.</summary>
public abstract class TensorTest : IDisposable
{
    private readonly DisposeScope _scope;

    protected TensorTest()
    {
        DisposeScopeManager.Statistics.Reset();
        _scope = NewDisposeScope();
    }

    public void Dispose()
    {
        _scope.Dispose();
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        GC.SuppressFinalize(this);
    }

    protected static void AssertElements(float[] expected, Tensor actual, float within = 1e-6f)
    {
        Assert.Equal(ScalarType.Float32, actual.dtype);
        var found = actual.data<float>().ToArray();
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < found.Length; i++) Assert.True(Math.Abs(expected[i] - found[i]) <= within, $"element {i}: expected {expected[i]}, found {found[i]}");
    }
}
