using System.ComponentModel;
using System.Diagnostics;

namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>Runs a program of the machine and waits for it.</summary>
internal static class Command
{
    private const int KeptLines = 3;

    /// <exception cref="FetchFailure">The program is not there, or ended with an error: its last words.</exception>
    public static async Task RunAsync(
        string folder, CancellationToken cancellationToken, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Start(start);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await Task.WhenAll(output, errors).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new FetchFailure(
                    $"{program} {arguments[0]} ended with exit code {process.ExitCode}: "
                    + LastWords(errors.Result.Length > 0 ? errors.Result : output.Result));
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new FetchFailure($"{start.FileName} does not start");
        }
        catch (Win32Exception e)
        {
            throw new FetchFailure($"{start.FileName} is not on this machine ({e.Message})", e);
        }
    }

    private static string LastWords(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join("; ", lines.TakeLast(KeptLines));
    }
}
