using System.Diagnostics;

namespace OrleansContrastive.Cli.Tests;

/// <summary>The program as its users start it: a process of its own.</summary>
internal static class Contrastive
{
    /// <summary>What a finished process left.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Starts the program; the caller waits for it or kills it.</summary>
    public static Process Start(params IEnumerable<string> arguments) => Start([], arguments);

    /// <summary>Runs the program to its end.</summary>
    public static Task<Outcome> RunAsync(params IEnumerable<string> arguments) => RunAsync([], arguments);

    /// <summary>Runs the program to its end, with variables in its environment.</summary>
    public static async Task<Outcome> RunAsync(KeyValuePair<string, string>[] environment, IEnumerable<string> arguments)
    {
        using var process = Start(environment, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'contrastive {string.Join(' ', arguments)}' did not end. It said: {await output} {await error}");
        }

        return new(process.ExitCode, await output, await error);
    }

    private static Process Start(KeyValuePair<string, string>[] environment, IEnumerable<string> arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "contrastive.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("The program did not start.");
    }
}
