using System.Diagnostics;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>
/// Runs one explicit test of this assembly in a process of its own; the folder comes to it by an environment variable.
/// </summary>
internal static class OtherProcess
{
    private const string FolderVariable = "OC_TEST_FOLDER";

    /// <summary>The folder that the starting process gave to this one, or null where nobody did.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable(FolderVariable);

    public static Process Start(string folder, Type type, string method)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Where the assembly runs under the `dotnet` host, it must be named.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(type.Assembly.Location);
        foreach (var argument in new[] { "-explicit", "only", "-method", $"{type.FullName}.{method}", "-noLogo" })
            start.ArgumentList.Add(argument);
        start.Environment[FolderVariable] = folder;
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Waits for the end and asserts that the test passed there.</summary>
    public static async Task EndsWellAsync(Process process, CancellationToken token)
    {
        var output = await process.StandardOutput.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        Assert.True(process.ExitCode == 0, $"The other process ended with {process.ExitCode}:\n{output}");
        Assert.Contains("Total: 1", output, StringComparison.Ordinal);
    }
}
