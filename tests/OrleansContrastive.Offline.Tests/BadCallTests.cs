using System.Diagnostics;

namespace OrleansContrastive.Offline.Tests;

public sealed class BadCallTests
{
    private const int Wanted = 10_000;

    /// <summary>The calls run in a process of their own: where libtorch ends it, this test fails and the others go on.</summary>
    [Fact]
    public async Task Ten_thousand_bad_calls_end_in_exceptions_and_the_process_lives()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-explicit", "only", "-method", $"{typeof(BadCallTests).FullName}.{nameof(The_bad_calls_themselves)}", "-noColor" },
        };
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0, $"The process ended with {child.ExitCode}.\n{output}\n{await errors}");
        Assert.Contains("Total: 1, Errors: 0, Failed: 0", output);
    }

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
