using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Devices;

public sealed class DeviceExecutorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static DeviceExecutor Executor(int capacity = 16, int threads = 1) => new("test lane", torch.CPU, threads, capacity);

    [Fact]
    public async Task Jobs_run_in_order_on_one_thread_and_bring_back_results()
    {
        await using var executor = Executor();
        var order = new List<int>();
        var jobs = Enumerable.Range(0, 10).Select(i => executor.RunAsync(() =>
        {
            order.Add(i);
            Assert.True(executor.IsCurrentThread);
            return Environment.CurrentManagedThreadId;
        }, Stop)).ToArray();
        var threads = await Task.WhenAll(jobs);

        Assert.Equal(Enumerable.Range(0, 10), order);
        Assert.Single(threads.Distinct());
        Assert.False(executor.IsCurrentThread);
    }

    [Fact]
    public async Task An_exception_travels_and_the_next_job_runs()
    {
        await using var executor = Executor();
        var error = await Assert.ThrowsAsync<FormatException>(() => executor.RunAsync(() => throw new FormatException("broken"), Stop));
        Assert.Equal("broken", error.Message);
        Assert.Equal(3, await executor.RunAsync(() => 3, Stop));
    }

    [Fact]
    public async Task Every_job_starts_with_gradients_and_its_own_thread_count()
    {
        await using var one = Executor(threads: 1);
        await using var two = Executor(threads: 2);
        await one.RunAsync(() => { _ = torch.no_grad(); }, Stop);
        Assert.True(await one.RunAsync(() => torch.is_grad_enabled(), Stop));
        Assert.Equal(1, await one.RunAsync(() => torch.get_num_threads(), Stop));
        Assert.Equal(2, await two.RunAsync(() => torch.get_num_threads(), Stop));
    }

    [Fact]
    public async Task A_scope_left_open_is_an_error_and_does_not_take_the_tensors_of_the_next_job()
    {
        await using var executor = Executor();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => executor.RunAsync(() => { _ = torch.NewDisposeScope(); }, Stop));
        Assert.Contains("test lane", error.Message);
        var inScope = await executor.RunAsync(() =>
        {
            var before = DisposeScopeManager.Statistics.CreatedInScopeCount;
            using var tensor = torch.zeros(1);
            return DisposeScopeManager.Statistics.CreatedInScopeCount - before;
        }, Stop);
        Assert.Equal(0, inScope);
    }

    [Fact]
    public async Task A_graph_survives_from_one_job_to_the_next()
    {
        await using var executor = Executor();
        var (leaf, root) = await executor.RunAsync(() =>
        {
            using var scope = torch.NewDisposeScope();
            var x = torch.ones([3], requires_grad: true).DetachFromDisposeScope();
            return (x, (x * x).sum().DetachFromDisposeScope());
        }, Stop);
        var gradient = await executor.RunAsync(() =>
        {
            using var scope = torch.NewDisposeScope();
            root.backward();
            var sum = leaf.grad!.sum().item<float>();
            root.Dispose();
            leaf.Dispose();
            return sum;
        }, Stop);
        Assert.Equal(6, gradient);
    }

    [Fact]
    public async Task A_full_queue_makes_the_next_one_wait_and_a_waiting_job_can_be_withdrawn()
    {
        await using var executor = Executor(capacity: 1);
        using var gate = new ManualResetEventSlim();
        using var withdraw = new CancellationTokenSource();
        using var started = new ManualResetEventSlim();
        var blocking = executor.RunAsync(() =>
        {
            started.Set();
            gate.Wait(Stop);
        }, Stop);
        started.Wait(Stop);
        var waiting = executor.RunAsync(() => 2, withdraw.Token);
        var outside = executor.RunAsync(() => 3, withdraw.Token);
        Assert.False(outside.IsCompleted);
        await withdraw.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outside);
        Assert.False(waiting.IsCompleted);
        gate.Set();
        await blocking;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Disposal_finishes_what_waits_and_refuses_what_comes_later()
    {
        var executor = Executor();
        using var gate = new ManualResetEventSlim();
        var done = 0;
        var jobs = Enumerable.Range(0, 5).Select(_ => executor.RunAsync(() =>
        {
            gate.Wait(Stop);
            done++;
        }, Stop)).ToArray();
        var disposal = executor.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.RunAsync(() => 1, Stop));
        Assert.False(disposal.IsCompleted);
        gate.Set();
        await disposal;
        await Task.WhenAll(jobs);
        Assert.Equal(5, done);
        await executor.DisposeAsync();
    }
}
