using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime;

internal enum ActivationState
{
    Activating,
    Valid,
    Deactivating,
    Ended,
}

/// <summary>
/// One activation of a grain: a queue of requests and a queue of continuations, drained by one thread at a time. Its parts:
/// turns here, calls in Activation.Calls.cs, start and end in Activation.Lifecycle.cs.
/// </summary>
internal sealed partial class Activation : IGrainContext, IThreadPoolWorkItem
{
    // A busy activation gives its thread back after this long, so that many share few threads.
    private const int QuantumMilliseconds = 100;
    private const int TurnsPerClockRead = 32;

    private readonly Lock _gate = new();
    private readonly Queue<object> _ready = new();
    private readonly MessageQueue _waiting = new();
    private readonly ActivationTaskScheduler _scheduler;
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActivationState _state;
    private IServiceScope? _scope;
    private GrainReference? _reference;
    private bool _isScheduled;

    public Activation(Silo silo, GrainClass grainClass, GrainId grainId)
    {
        Silo = silo;
        Class = grainClass;
        GrainId = grainId;
        _scheduler = new ActivationTaskScheduler(this);
        _lastUse = silo.Catalog.Tick;
        Stamp = silo.Catalog.NextStamp();
    }

    public Silo Silo { get; }

    public GrainClass Class { get; }

    /// <summary>Which activation of its silo, as the directory knows it.</summary>
    public long Stamp { get; }

    public GrainId GrainId { get; }

    public object? GrainInstance { get; private set; }

    public GrainReference GrainReference => _reference ??= Silo.References.Create(Class.Interfaces[0], GrainId);

    public IServiceProvider ActivationServices => _scope?.ServiceProvider ?? Silo.Services;

    public Task Deactivated => _deactivated.Task;

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override string ToString() => $"[Activation {GrainId} {_state}]";

    /// <summary>Queues a continuation (a task) or a piece of work (an action) as a turn of its own.</summary>
    public void Queue(object work)
    {
        lock (_gate)
        {
            _ready.Enqueue(work);
            if (_isScheduled) return;
            _isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        RuntimeContext.Current = this;
        try
        {
            // Within a task of the scheduler, so that every await in a turn comes back to it.
            new Task(static state => ((Activation)state!).Drain(), this).RunSynchronously(_scheduler);
        }
        finally
        {
            RuntimeContext.Current = null;
        }
    }

    private void Drain()
    {
        var clean = ExecutionContext.Capture();
        var end = Environment.TickCount64 + QuantumMilliseconds;
        for (var turn = 1; ; turn++)
        {
            object? work;
            lock (_gate)
            {
                // In turns, so that a grain which yields for ever still lets interleaving calls in.
                work = (turn & 1) == 0 ? NextCall() ?? NextReady() : NextReady() ?? NextCall();
                if (work is null)
                {
                    _isScheduled = false;
                    return;
                }
            }

            switch (work)
            {
                case Task continuation: _scheduler.Run(continuation); break;
                case Message message: StartOrFinish(message); break;
                case Action action: Run(action); break;
            }

            // What a turn left in the execution context is not for the next.
            if (clean is not null && !ReferenceEquals(ExecutionContext.Capture(), clean)) ExecutionContext.Restore(clean);
            if (turn % TurnsPerClockRead == 0 && Environment.TickCount64 > end) break;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private object? NextReady() => _ready.TryDequeue(out var work) ? work : null;

    private void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            Silo.Log.TurnFailed(exception, GrainId);
        }
    }
}
