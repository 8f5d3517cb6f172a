using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Benchmarks;

/// <summary>What one TCP stream over loopback carries, by iperf3: GB/s received.</summary>
internal sealed class IperfPeer(int seconds) : IContestant
{
    private const string Program = "iperf3";

    public async Task PrepareAsync(CancellationToken ct)
    {
        if (await RunsAsync(Program, "--version", ct)) return;
        // Only root may; else the message says what to do.
        if (await RunsAsync("apt-get", $"install -y -qq --no-install-recommends {Program}", ct) && await RunsAsync(Program, "--version", ct)) return;
        throw new MissingPartException($"{Program} is not there; install the package {Program}.");
    }

    public async Task<double> MeasureAsync(CancellationToken ct)
    {
        var port = LoopbackPorts.Take(1)[0];
        using var server = Start($"--server --one-off --port {port} --forceflush");
        try
        {
            // It says that it listens; a client before that would be refused.
            while (await server.StandardOutput.ReadLineAsync(ct) is { } line && !line.Contains("listening", StringComparison.OrdinalIgnoreCase)) continue;
            using var client = Start($"--client 127.0.0.1 --port {port} --time {seconds} --json");
            var json = await client.StandardOutput.ReadToEndAsync(ct);
            await client.WaitForExitAsync(ct);
            using var report = JsonDocument.Parse(json);
            if (report.RootElement.TryGetProperty("error", out var error)) throw new InvalidOperationException($"{Program}: {error.GetString()}");
            return report.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 8e9;
        }
        finally
        {
            if (!server.HasExited) server.Kill();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Process Start(string arguments) =>
        Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<bool> RunsAsync(string program, string arguments, CancellationToken ct)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync(ct);
            await process.StandardOutput.ReadToEndAsync(ct);
            await errors;
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
