namespace Orleans.Runtime;

/// <summary>Runs the tasks of one activation as its turns: one at a time, each on whatever thread is free.</summary>
internal sealed class ActivationTaskScheduler(Activation activation) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs a queued task in the turn that is under way.</summary>
    public void Run(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => activation.Queue(task);

    // In line only within the activation's own turn, else two of its turns would run at once.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(RuntimeContext.Current, activation) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
