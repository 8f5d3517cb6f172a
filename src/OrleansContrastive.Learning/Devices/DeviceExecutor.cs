using System.Threading.Channels;
using TorchSharp;

namespace OrleansContrastive.Learning.Devices;

/// <summary>
/// One thread that does all tensor work of one device (of one lane, on a processor), job after job, since libtorch's grad
/// mode and thread count and TorchSharp's dispose scopes belong to a thread. The queue of waiting jobs is bounded: adding
/// waits when it is full. A job's result or exception goes to whoever awaits it, on another thread; tensors that a job
/// leaves undisposed outside every scope live on for a later job. A job must not block on another job of the same executor.
/// Members are safe from any thread.
/// </summary>
public sealed class DeviceExecutor : IAsyncDisposable
{
    private readonly Channel<Job> _jobs;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Thread? _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The name of the thread, for debuggers and error messages.</param>
    /// <param name="device">The device that jobs compute on; jobs read it from <see cref="Device"/>.</param>
    /// <param name="threads">The threads that libtorch may use for one operation, at least 1.</param>
    /// <param name="capacity">The jobs that may wait, at least 1.</param>
    public DeviceExecutor(string name, torch.Device device, int threads, int capacity = 16)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Name = name;
        Device = device;
        Threads = threads;
        _jobs = Channel.CreateBounded<Job>(new BoundedChannelOptions(capacity)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
        });
        Start();
    }

    /// <summary>The name given at the start.</summary>
    public string Name { get; }

    /// <summary>The device that jobs compute on.</summary>
    public torch.Device Device { get; }

    /// <summary>The threads that libtorch uses for one operation.</summary>
    public int Threads { get; }

    /// <summary>Whether the caller runs on this executor's thread, that is inside a job.</summary>
    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <summary>Runs a job on the thread.</summary>
    /// <param name="work">The job; it runs with gradients enabled and no dispose scope open.</param>
    /// <param name="ct">Withdraws the job while it waits; a job that has begun runs to its end.</param>
    /// <exception cref="ObjectDisposedException">The executor was disposed before the job was taken in.</exception>
    /// <exception cref="InvalidOperationException">The job left a dispose scope open.</exception>
    public Task RunAsync(Action work, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(
            () =>
            {
                work();
                return true;
            },
            ct);
    }

    /// <summary>Runs a job on the thread and brings back its result.</summary>
    /// <inheritdoc cref="RunAsync(Action, CancellationToken)"/>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var job = new Job<T>(work, ct);
        try
        {
            await _jobs.Writer.WriteAsync(job, ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException($"Device executor '{Name}'");
        }

        return await job.Result.ConfigureAwait(false);
    }

    /// <summary>Takes no more jobs, finishes those that wait, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        if (!IsCurrentThread) await _ended.Task.ConfigureAwait(false);
    }

    private void Start()
    {
        _thread = new Thread(Work) { Name = Name, IsBackground = true };
        _thread.Start();
    }

    private void Work()
    {
        try
        {
            // libtorch takes over the count that was set last, on any thread, when a thread first asks for it.
            _ = torch.get_num_threads();
            torch.set_num_threads(Threads);
            while (_jobs.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_jobs.Reader.TryRead(out var job))
                {
                    // A job that changed the grad mode must not be felt by the next one.
                    using (torch.enable_grad()) job.Run();
                    if (!ScopeIsOpen())
                    {
                        job.Publish();
                        continue;
                    }

                    // Nobody but its owner can close a dispose scope, so the next job gets a thread that has none.
                    Start();
                    job.Fail(new InvalidOperationException(
                        $"A job of device executor '{Name}' left a dispose scope open; close scopes by using."));
                    return;
                }
            }

            _ended.SetResult();
        }
        catch (Exception error)
        {
            // Only the start can fail (libtorch is missing, say): the jobs that wait hear why.
            _jobs.Writer.TryComplete();
            while (_jobs.Reader.TryRead(out var job)) job.Fail(error);
            _ended.SetResult();
        }
    }

    private static bool ScopeIsOpen()
    {
        var before = DisposeScopeManager.Statistics.CreatedInScopeCount;
        using var probe = torch.empty(0);
        return DisposeScopeManager.Statistics.CreatedInScopeCount != before;
    }

    private abstract class Job
    {
        public abstract void Run();

        public abstract void Publish();

        public abstract void Fail(Exception error);
    }

    private sealed class Job<T>(Func<T> work, CancellationToken ct) : Job
    {
        private readonly TaskCompletionSource<T> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Exception? _error;
        private T? _result;

        public Task<T> Result => _source.Task;

        public override void Run()
        {
            try
            {
                ct.ThrowIfCancellationRequested();
                _result = work();
            }
            catch (Exception error)
            {
                _error = error;
            }
        }

        public override void Publish()
        {
            if (_error is null) _source.TrySetResult(_result!);
            else Fail(_error);
        }

        public override void Fail(Exception error)
        {
            if (error is OperationCanceledException canceled) _source.TrySetCanceled(canceled.CancellationToken);
            else _source.TrySetException(error);
        }
    }
}
