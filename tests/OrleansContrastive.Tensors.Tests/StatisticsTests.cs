using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

/// <summary>The counts that leak checks rely on. Each test has a thread of its own, and so counts of its own.</summary>
public sealed class StatisticsTests
{
    [Fact]
    public void Tensors_outside_scopes_are_counted_apart() => Counted(s =>
    {
        var tensor = ones(2);
        Assert.Equal((1L, 0L), (s.CreatedOutsideScopeCount, s.CreatedInScopeCount));
        tensor.Dispose();
        Assert.Equal((1L, 0L), (s.DisposedOutsideScopeCount, s.DisposedInScopeCount));
    });

    [Fact]
    public void Tensors_in_scopes_are_counted_at_creation_and_disposal() => Counted(s =>
    {
        using (NewDisposeScope()) ones(2).mul(2);
        Assert.Equal((2L, 2L), (s.CreatedInScopeCount, s.DisposedInScopeCount));
        Assert.Equal(0, s.ThreadTotalLiveCount);
    });

    [Fact]
    public void Detaching_and_attaching_are_counted() => Counted(s =>
    {
        Tensor tensor;
        using (NewDisposeScope()) tensor = ones(2).DetachFromDisposeScope();
        Assert.Equal((1L, 1L), (s.DetachedFromScopeCount, s.ThreadTotalLiveCount));
        using (var scope = NewDisposeScope()) scope.Attach(tensor);
        Assert.Equal((1L, 0L), (s.AttachedToScopeCount, s.ThreadTotalLiveCount));
    });

    [Fact]
    public void A_forgotten_tensor_shows_in_the_live_count() => Counted(s =>
    {
        var forgotten = ones(2);
        Assert.Equal(1, s.ThreadTotalLiveCount);
        forgotten.Dispose();
    });

    [Fact]
    public void A_training_step_in_a_scope_leaves_nothing_behind() => Counted(s =>
    {
        using var net = nn.Linear(3, 2);
        var before = s.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++)
        {
            using var scope = NewDisposeScope();
            net.zero_grad();
            nn.functional.cross_entropy(net.call(rand(4, 3)), zeros(4, dtype: ScalarType.Int64)).backward();
        }

        Assert.Equal(before, s.ThreadTotalLiveCount);
    });

    [Fact]
    public void Disposing_a_module_balances_the_count() => Counted(s =>
    {
        using (NewDisposeScope())
        {
            using var net = nn.Sequential(("fc", nn.Linear(3, 2)), ("norm", nn.BatchNorm1d(2)));
        }

        Assert.Equal(0, s.ThreadTotalLiveCount);
    });

    private static void Counted(Action<ThreadDisposeScopeStatistics> test)
    {
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                DisposeScopeManager.Statistics.Reset();
                test(DisposeScopeManager.Statistics);
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        if (error is not null) throw new Xunit.Sdk.XunitException(error.ToString());
    }
}
