using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace OrleansContrastive.Offline.Tests;

/// <summary>What the stand-in promises beyond TorchSharp: native memory outlives its users, calls allocate their result only.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void A_tensor_that_is_disposed_under_a_running_call_lives_until_the_call_returns()
    {
        for (var round = 0; round < 200; round++)
        {
            var shared = ones(32, 32);
            using var ready = new Barrier(2);
            Exception? error = null;
            var reader = new Thread(() =>
            {
                ready.SignalAndWait();
                try
                {
                    for (; ; )
                    {
                        using var product = shared.matmul(shared);
                        if (product.data<float>()[0, 0] != 32f) throw new InvalidDataException("the product is wrong");
                    }
                }
                catch (Exception e)
                {
                    error = e;
                }
            });
            reader.Start();
            ready.SignalAndWait(TestContext.Current.CancellationToken);
            Thread.SpinWait(round * 20);
            shared.Dispose();
            reader.Join();
            Assert.IsType<InvalidOperationException>(error);
        }
    }

    [Fact]
    public void A_call_allocates_nothing_but_its_result()
    {
        using var ungraded = no_grad();
        using var a = rand(4, 4);
        using var image = rand(1, 2, 8, 8);
        using var kernel = rand(3, 2, 3, 3);
        var scalar = (Scalar)2.0;
        long[] shape = [2, 8];
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => a.add(a).Dispose()));
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => a.mul(scalar).Dispose()));
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => (a * 2.0).Dispose()));
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => a.view(shape).Dispose()));
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => nn.functional.conv2d(image, kernel).Dispose()));
        Assert.Equal(OfResult(() => a.alias().Dispose()), OfResult(() => nn.functional.max_pool2d(image, 2).Dispose()));
        Assert.Equal(0, OfResult(() => a.add_(a)));
    }

    [Fact]
    public void Borrowed_memory_is_let_go_with_the_last_tensor_over_it()
    {
        var (array, view) = Borrow();
        Collect();
        Assert.True(array.IsAlive);
        Assert.Equal(3f, view.sum().item<float>());
        view.Dispose();
        Collect();
        Assert.False(array.IsAlive);
    }

    [Fact]
    public void An_abandoned_tensor_is_freed_by_the_collector()
    {
        var before = Tensor.TotalCount;
        var memory = Abandon();
        Collect();
        Assert.False(memory.IsAlive);
        Assert.True(Tensor.TotalCount <= before + 50, "the abandoned tensors are still counted");
    }

    [Fact]
    public void A_parameters_source_is_empty_afterwards()
    {
        using var scope = NewDisposeScope();
        var data = ones(2);
        using var parameter = data.AsParameter();
        Assert.Throws<InvalidOperationException>(() => data.AsParameter());
        Assert.Equal(2f, parameter.sum().item<float>());
    }

    [Fact]
    public void Inference_mode_ends_on_the_thread_that_began_it()
    {
        using var mode = inference_mode();
        Exception? error = null;
        var other = new Thread(() => error = Record.Exception(mode.Dispose));
        other.Start();
        other.Join();
        Assert.IsType<InvalidOperationException>(error);
        Assert.True(is_inference_mode_enabled());
    }

    [Fact]
    public Task What_dotnet_knows_of_OpenMP_reaches_libtorch() => ChildProcess.RunAsync(typeof(LifetimeTests), nameof(The_environment_itself));

    [Fact(Explicit = true)]
    public void The_environment_itself()
    {
        Assert.SkipUnless(ChildProcess.IsThis, "libtorch reads the variable once, so this needs a fresh process.");
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", "3");
        Assert.Equal(3, get_num_threads());
    }

    [Fact]
    public void A_truncated_file_is_an_error()
    {
        var path = Path.Combine(Path.GetTempPath(), $"tensor-{Guid.NewGuid():N}.pt");
        try
        {
            using var tensor = rand(64);
            save(tensor, path);
            var bytes = File.ReadAllBytes(path);
            for (var length = 0; length < bytes.Length; length += 97)
            {
                File.WriteAllBytes(path, bytes[..length]);
                Assert.Throws<ExternalException>(() => load(path));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    // The least of some rounds: what the runtime allocates once (a thread's first use, a table that grows) is not the call's.
    private static long OfResult(Action call)
    {
        const int rounds = 5;
        const int times = 100;
        for (var i = 0; i < times; i++) call();
        var least = long.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < times; i++) call();
            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - before) / times);
        }

        return least;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Array, Tensor View) Borrow()
    {
        var array = new float[] { 1, 2, 3 };
        using var whole = frombuffer(array, ScalarType.Float32);
        return (new WeakReference(array), whole.narrow(0, 0, 2));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Abandon()
    {
        var array = new float[] { 1, 2, 3 };
        for (var i = 0; i < 100; i++) _ = frombuffer(array, ScalarType.Float32);
        return new WeakReference(array);
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
