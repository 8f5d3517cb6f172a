using System.Diagnostics;

namespace OrleansContrastive.Offline.Tests;

/// <summary>Runs one explicit test of this program in a process of its own, which may end as it will.</summary>
internal static class ChildProcess
{
    /// <summary>Set in the process that <see cref="RunAsync"/> starts.</summary>
    public const string Mark = "OFFLINE_TESTS_CHILD";

    public static bool IsThis => Environment.GetEnvironmentVariable(Mark) is not null;

    /// <summary>Fails unless the process ends well within ten minutes and the test in it has passed.</summary>
    public static async Task RunAsync(Type type, string method)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-explicit", "only", "-method", $"{type.FullName}.{method}", "-noColor" },
            Environment = { [Mark] = "1" },
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(10));
        using var child = Process.Start(start)!;
        try
        {
            var errors = child.StandardError.ReadToEndAsync(limit.Token);
            var output = await child.StandardOutput.ReadToEndAsync(limit.Token);
            await child.WaitForExitAsync(limit.Token);
            Assert.True(child.ExitCode == 0, $"The process ended with {child.ExitCode}.\n{output}\n{await errors}");
            Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0", output);
        }
        finally
        {
            if (!child.HasExited) child.Kill();
        }
    }
}
