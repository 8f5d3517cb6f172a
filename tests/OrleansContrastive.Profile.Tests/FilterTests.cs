using Orleans;
using Orleans.Hosting;

namespace OrleansContrastive.Profile.Tests;

[Alias("oc.test.filtered")]
public interface IFilteredGrain : IGrainWithStringKey
{
    [Alias("double")]
    Task<int> DoubleAsync(int value);

    [Alias("double-later")]
    Task<int> DoubleLaterAsync(int value);

    [Alias("fail")]
    Task FailAsync();
}

public sealed class FilteredGrain : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    public Task<int> DoubleAsync(int value) => Task.FromResult(2 * value);

    public async Task<int> DoubleLaterAsync(int value)
    {
        await Task.Yield();
        return 2 * value;
    }

    public Task FailAsync() => throw new InvalidOperationException("The grain fails.");

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        Probe.For(this.GetPrimaryKeyString()).Events.Enqueue($"own {context.MethodName}");
        await context.Invoke();
    }
}

/// <summary>A filter as a class: sees the call and its result.</summary>
public sealed class RecordingFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is not FilteredGrain)
        {
            await context.Invoke();
            return;
        }

        var probe = Probe.For(context.TargetId.Key.ToString());
        var arguments = Enumerable.Range(0, context.Request.GetArgumentCount()).Select(context.Request.GetArgument);
        probe.Events.Enqueue($"before {context.InterfaceMethod.Name}({string.Join(", ", arguments)}) by {context.ImplementationMethod.DeclaringType!.Name}");
        try
        {
            await context.Invoke();
            probe.Events.Enqueue($"after {context.Result}");
        }
        catch (InvalidOperationException exception)
        {
            probe.Events.Enqueue($"caught {exception.Message}");
            throw;
        }
    }
}

/// <summary>Filters see the calls of a silo in the order of their registration.</summary>
public sealed class FilterTests
{
    private readonly string _key = Probe.NewKey();

    private Probe Seen => Probe.For(_key);

    private static Task<TestSilo> StartAsync() => TestSilo.StartAsync(silo =>
    {
        silo.AddIncomingGrainCallFilter<RecordingFilter>();
        silo.AddIncomingGrainCallFilter(async context =>
        {
            if (context.Grain is not FilteredGrain || context.Request.GetArgumentCount() == 0)
            {
                await context.Invoke();
                return;
            }

            // 13 is answered without the grain, 7 travels as 8, and every result grows by one.
            if (context.Request.GetArgument(0) is 13)
            {
                context.Result = -1;
                return;
            }

            if (context.Request.GetArgument(0) is 7) context.Request.SetArgument(0, 8);
            await context.Invoke();
            context.Result = (int)context.Result! + 1;
        });
    });

    [Fact]
    public async Task Filters_run_around_the_grain_and_may_change_arguments_and_result()
    {
        await using var silo = await StartAsync();
        var grain = silo.Grains.GetGrain<IFilteredGrain>(_key);
        Assert.Equal(17, await grain.DoubleAsync(7));
        Assert.Equal(11, await grain.DoubleLaterAsync(5));
        Assert.Equal(
            ["before DoubleAsync(7) by FilteredGrain", "own DoubleAsync", "after 17",
             "before DoubleLaterAsync(5) by FilteredGrain", "own DoubleLaterAsync", "after 11"], Seen.Events);
    }

    [Fact]
    public async Task A_filter_may_answer_instead_of_the_grain()
    {
        await using var silo = await StartAsync();
        Assert.Equal(-1, await silo.Grains.GetGrain<IFilteredGrain>(_key).DoubleAsync(13));
        Assert.DoesNotContain("own DoubleAsync", Seen.Events);
    }

    [Fact]
    public async Task A_filter_sees_the_grains_error_and_lets_it_travel()
    {
        await using var silo = await StartAsync();
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(silo.Grains.GetGrain<IFilteredGrain>(_key).FailAsync);
        Assert.Equal("The grain fails.", failure.Message);
        Assert.Contains("caught The grain fails.", Seen.Events);
    }
}
