using Orleans;

namespace OrleansContrastive.Profile.Tests;

[GenerateSerializer, Alias("oc.test.refused")]
public sealed class RefusedException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}

[Alias("oc.test.outcomes")]
public interface IOutcomeGrain : IGrainWithStringKey
{
    [Alias("fail")]
    Task<int> FailAsync(string how);

    [Alias("fail-at")]
    Task FailAtAsync(string other);

    [Alias("wait")]
    Task WaitAsync(CancellationToken cancellationToken);

    [Alias("token")]
    Task<bool> CanBeCancelledAsync(CancellationToken cancellationToken);
}

public sealed class OutcomeGrain : Grain, IOutcomeGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task<int> FailAsync(string how) => how switch
    {
        "at once" => throw new RefusedException("Refused at once.", 1),
        "later" => FailLaterAsync(),
        "argument" => throw new ArgumentOutOfRangeException(nameof(how), "Out of range."),
        "inner" => throw new InvalidOperationException("Outer.", new IOException("Inner.")),
        _ => Task.FromException<int>(new InvalidDataException("A task that failed.")),
    };

    public async Task FailAtAsync(string other) => await GrainFactory.GetGrain<IOutcomeGrain>(other).FailAsync("later");

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Probe.Enter();
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Probe.Events.Enqueue("cancelled");
            Probe.Enter();
            throw;
        }
    }

    public Task<bool> CanBeCancelledAsync(CancellationToken cancellationToken) => Task.FromResult(!cancellationToken.IsCancellationRequested);

    private static async Task<int> FailLaterAsync()
    {
        await Task.Yield();
        throw new RefusedException("Refused later.", 2);
    }
}

/// <summary>How calls end other than well.</summary>
public sealed class OutcomeTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private readonly string _key = Probe.NewKey();

    private IOutcomeGrain Grain => shared.Grains.GetGrain<IOutcomeGrain>(_key);

    [Fact]
    public async Task An_exception_comes_back_with_its_type_message_and_members()
    {
        var atOnce = await Assert.ThrowsAsync<RefusedException>(() => Grain.FailAsync("at once"));
        Assert.Equal(("Refused at once.", 1), (atOnce.Message, atOnce.Code));
        var later = await Assert.ThrowsAsync<RefusedException>(() => Grain.FailAsync("later"));
        Assert.Equal(("Refused later.", 2), (later.Message, later.Code));
        await Assert.ThrowsAsync<InvalidDataException>(() => Grain.FailAsync("as a task"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain.FailAsync("argument"));
        var outer = await Assert.ThrowsAsync<InvalidOperationException>(() => Grain.FailAsync("inner"));
        Assert.Equal("Inner.", Assert.IsType<IOException>(outer.InnerException).Message);
    }

    [Fact]
    public async Task An_exception_passes_through_a_grain_between()
    {
        var failure = await Assert.ThrowsAsync<RefusedException>(() => Grain.FailAtAsync(_key + "-other"));
        Assert.Equal("Refused later.", failure.Message);
        Assert.Contains(nameof(OutcomeGrain), failure.ToString());
    }

    [Fact]
    public async Task A_cancelled_call_ends_for_the_caller_and_its_token_for_the_callee()
    {
        using var cancellation = new CancellationTokenSource();
        var call = Grain.WaitAsync(cancellation.Token);
        await Probe.For(_key).EnteredAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.Soon());
        await Probe.For(_key).EnteredAsync();
        Assert.Equal(["cancelled"], Probe.For(_key).Events);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_before_it_is_made_fails()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.CanBeCancelledAsync(new CancellationToken(canceled: true)));
        using var cancellation = new CancellationTokenSource();
        Assert.True(await Grain.CanBeCancelledAsync(cancellation.Token));
        Assert.True(await Grain.CanBeCancelledAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_it_waits_for_its_turn_never_runs()
    {
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var running = Grain.WaitAsync(first.Token);
        await Probe.For(_key).EnteredAsync();
        var waiting = Grain.WaitAsync(second.Token);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Soon());
        await Probe.For(_key).EnteredAsync();
        Assert.True(await Grain.CanBeCancelledAsync(TestContext.Current.CancellationToken).Soon());
        Assert.Equal(["cancelled"], Probe.For(_key).Events);
    }
}
