namespace OrleansContrastive.Offline.Tests;

public sealed class BadCallTests
{
    private const int Wanted = 10_000;

    /// <summary>The calls run in a process of their own: where libtorch ends it, this test fails and the others go on.</summary>
    [Fact]
    public Task Ten_thousand_bad_calls_end_in_exceptions_and_the_process_lives() =>
        ChildProcess.RunAsync(typeof(BadCallTests), nameof(The_bad_calls_themselves));

    [Fact(Explicit = true)]
    public void The_bad_calls_themselves()
    {
        // Where the process ends, the last line of the trace names the call.
        var trace = Environment.GetEnvironmentVariable("BAD_CALLS_TRACE") is { } path ? new StreamWriter(path) { AutoFlush = true } : null;
        var seed = Environment.GetEnvironmentVariable("BAD_CALLS_SEED") is { } text ? int.Parse(text) : 20260822;
        var calls = new BadCalls(seed);
        var failures = new Dictionary<string, int>();
        var bad = 0;
        for (var made = 0; bad < Wanted; made++)
        {
            Assert.True(made < 4 * Wanted, $"only {bad} of {made} calls failed");
            var what = calls.Choose();
            trace?.Write($"{made} {what}: ");
            var e = calls.Run();
            trace?.WriteLine($"{e?.GetType().Name} {e?.Message.Split('\n')[0]}");
            if (e is null) continue;
            Assert.True(BadCalls.IsNamedError(e), $"{what}: {e}");
            failures[what] = failures.GetValueOrDefault(what) + 1;
            bad++;
        }

        Assert.True(failures.Count > 80, $"only {failures.Count} kinds of calls failed: {string.Join(", ", failures.Keys)}");
    }
}
