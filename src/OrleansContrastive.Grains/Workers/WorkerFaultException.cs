namespace OrleansContrastive.Grains.Workers;

/// <summary>A worker that was asked for something has met what no repetition mends; who asked is well.</summary>
/// <param name="worker">Key of the worker.</param>
/// <param name="cause">What it has met.</param>
internal sealed class WorkerFaultException(string worker, Exception cause) : Exception($"{worker}: {cause.Message}", cause)
{
    /// <summary>Key of the worker.</summary>
    public string Worker { get; } = worker;

    /// <summary>Asks a worker, and says of whom a failure is that does not pass.</summary>
    public static async Task<T> Of<T>(string worker, Task<T> answer)
    {
        try
        {
            return await answer;
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or StaleViewException) && !CallFaults.IsTransient(exception))
        {
            throw new WorkerFaultException(worker, exception);
        }
    }
}
