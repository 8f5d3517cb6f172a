using Microsoft.Extensions.Options;
using Orleans;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>Delays calls to the grains of runs by what the options say: a slow network for experiments on one machine.</summary>
internal sealed class CallLatency(IOptions<WorkerOptions> options, TimeProvider time) : IIncomingGrainCallFilter
{
    private readonly TimeSpan _latency = options.Value.CallLatency;

    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (_latency > TimeSpan.Zero && context.Grain is ISiloGrain or ITrainingRunGrain) await Task.Delay(_latency, time);
        await context.Invoke();
    }
}
