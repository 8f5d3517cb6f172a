using System.Diagnostics;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansContrastive.Benchmarks.Silos;

/// <summary>A block of bytes on its way, as tensors travel.</summary>
[GenerateSerializer, Immutable, Alias("oc.bench.block")]
public sealed class BenchBlock(ReadOnlyMemory<byte> bytes)
{
    /// <summary>The bytes.</summary>
    [Id(0)]
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;
}

/// <summary>Answers at once, on the silo that woke it.</summary>
[Alias("oc.bench.answer")]
public interface IAnswerGrain : IGrainWithStringKey
{
    /// <summary>Answers with the number.</summary>
    [AlwaysInterleave, Alias("echo")]
    Task<int> EchoAsync(int number);

    /// <summary>The silo where the grain is.</summary>
    [AlwaysInterleave, Alias("where")]
    Task<string> WhereAsync();

    /// <summary>Takes a block; answers with its length.</summary>
    [AlwaysInterleave, Alias("take")]
    Task<int> TakeAsync(BenchBlock block);
}

/// <summary>Calls other grains and measures.</summary>
[Alias("oc.bench.caller")]
public interface ICallerGrain : IGrainWithStringKey
{
    /// <summary>The silo where the grain is.</summary>
    [Alias("where")]
    Task<string> WhereAsync();

    /// <summary>Calls one after the other; returns calls per second.</summary>
    [ResponseTimeout("00:05:00"), Alias("call")]
    Task<double> CallAsync(string answering, int calls);

    /// <summary>Sends blocks of these lengths in turn, so many at a time; returns bytes per second.</summary>
    [ResponseTimeout("00:05:00"), Alias("send")]
    Task<double> SendAsync(string answering, int[] lengths, int blocks, int inFlight);
}

/// <inheritdoc cref="IAnswerGrain"/>
[PreferLocalPlacement]
public sealed class AnswerGrain(ILocalSiloDetails silo) : Grain, IAnswerGrain
{
    /// <inheritdoc/>
    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToParsableString());

    /// <inheritdoc/>
    public Task<int> EchoAsync(int number) => Task.FromResult(number);

    /// <inheritdoc/>
    public Task<int> TakeAsync(BenchBlock block) => Task.FromResult(block.Bytes.Length);
}

/// <inheritdoc cref="ICallerGrain"/>
[PreferLocalPlacement]
public sealed class CallerGrain(ILocalSiloDetails silo) : Grain, ICallerGrain
{
    /// <inheritdoc/>
    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToParsableString());

    /// <inheritdoc/>
    public async Task<double> CallAsync(string answering, int calls)
    {
        var grain = GrainFactory.GetGrain<IAnswerGrain>(answering);
        var begin = Stopwatch.GetTimestamp();
        for (var call = 0; call < calls; call++) await grain.EchoAsync(call);
        return calls / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <inheritdoc/>
    public async Task<double> SendAsync(string answering, int[] lengths, int blocks, int inFlight)
    {
        var grain = GrainFactory.GetGrain<IAnswerGrain>(answering);
        // Blocks that are in memory already, as those of a shard are.
        var parts = lengths.Select(length => new BenchBlock(new byte[length])).ToArray();
        var next = 0;
        var sent = 0L;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => LaneAsync()));
        return sent / Stopwatch.GetElapsedTime(begin).TotalSeconds;

        async Task LaneAsync()
        {
            // Turns do not overlap, so the counters need no lock.
            while (next < blocks)
            {
                var taken = await grain.TakeAsync(parts[next++ % parts.Length]);
                sent += taken;
            }
        }
    }
}
