using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Tensors.Tests;

public sealed class DisposeScopeTests : TensorTest
{
    [Fact]
    public void A_scope_disposes_what_was_created_in_it()
    {
        Tensor inner;
        using (var scope = NewDisposeScope())
        {
            inner = ones(2) + ones(2);
            Assert.Equal(3, scope.DisposablesCount);
            Assert.True(scope.Contains(inner));
        }

        Assert.True(inner.IsInvalid);
    }

    [Fact]
    public void Moving_out_hands_a_tensor_to_the_scope_around()
    {
        using var outer = NewDisposeScope();
        Tensor kept;
        using (NewDisposeScope()) kept = ones(2).MoveToOuterDisposeScope();
        Assert.False(kept.IsInvalid);
        Assert.True(outer.Contains(kept));
    }

    [Fact]
    public void Moving_out_of_the_only_scope_detaches()
    {
        Tensor free = null!;
        OnThread(() =>
        {
            using (NewDisposeScope()) free = ones(2).MoveToOuterDisposeScope();
            Assert.False(free.IsInvalid);
            free.Dispose();
        });
        Assert.True(free.IsInvalid);
    }

    [Fact]
    public void A_detached_tensor_outlives_all_scopes()
    {
        Tensor free;
        using (NewDisposeScope())
        using (NewDisposeScope())
        {
            free = ones(2).DetachFromDisposeScope();
        }

        Assert.Equal(2f, free.sum().item<float>());
        free.Dispose();
    }

    [Fact]
    public void Attaching_takes_a_tensor_over()
    {
        var tensor = ones(2);
        using (var scope = NewDisposeScope())
        {
            scope.Attach(tensor);
            Assert.True(scope.Contains(tensor));
        }

        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void Several_tensors_move_at_once_and_keep_their_order()
    {
        using var outer = NewDisposeScope();
        Tensor first, second, third;
        using (var scope = NewDisposeScope()) (first, second, third) = scope.MoveToOuter(full(1, 1f), full(1, 2f), full(1, 3f));
        Assert.Equal([1f, 2f, 3f], new[] { first, second, third }.Select(t => t.item<float>()));
        Assert.Equal(3, outer.DisposablesCount);
    }

    [Fact]
    public void Disposing_everything_but_one_keeps_that_one_in_the_scope()
    {
        using var scope = NewDisposeScope();
        var gone = ones(1);
        var kept = scope.DisposeEverythingBut(ones(2));
        Assert.True(gone.IsInvalid);
        Assert.False(kept.IsInvalid);
        Assert.Equal(1, scope.DisposablesCount);
    }

    [Fact]
    public void A_tensor_disposed_by_hand_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        ones(1).Dispose();
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void A_parameter_takes_the_place_of_the_tensor_it_is_made_from()
    {
        using var scope = NewDisposeScope();
        var data = ones(2);
        var parameter = nn.Parameter(data);
        Assert.True(data.IsInvalid);
        Assert.True(scope.Contains(parameter));
        Assert.False(scope.Contains(data));
        Assert.True(parameter.requires_grad);
    }

    [Fact]
    public void An_outer_scope_may_end_before_an_inner_one()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        var tensor = ones(1);
        outer.Dispose();
        Assert.False(tensor.IsInvalid);
        inner.Dispose();
        Assert.True(tensor.IsInvalid);
        Assert.NotNull(CurrentDisposeScope); // the test's own
    }

    [Fact]
    public void An_ended_scope_refuses_questions()
    {
        var scope = NewDisposeScope();
        scope.Dispose();
        scope.Dispose();
        Assert.Throws<ObjectDisposedException>(() => scope.DisposablesCount);
    }

    [Fact]
    public void Wrapping_keeps_only_the_result()
    {
        using var outer = NewDisposeScope();
        var sum = WrappedTensorDisposeScope(() => ones(2).mul(3).add(1).sum());
        Assert.Equal(8f, sum.item<float>());
        Assert.Equal(1, outer.DisposablesCount);
    }

    [Fact]
    public void Scopes_belong_to_their_thread()
    {
        using var scope = NewDisposeScope();
        var before = scope.DisposablesCount;
        OnThread(() =>
        {
            Assert.Null(CurrentDisposeScope);
            ones(2).Dispose();
        });
        Assert.Equal(before, scope.DisposablesCount);
    }

    private static void OnThread(Action work)
    {
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(error);
    }
}
