using System.Diagnostics;
using System.Text.Json;

namespace OrleansContrastive.Benchmarks;

/// <summary>A script of tests/Peers that is started once with <c>--serve</c> and answers one measurement for each line.</summary>
internal sealed class PythonPeer(string script, string arguments, string field, bool serve = true) : IContestant
{
    private Process? _process;

    private static string Interpreter => Environment.GetEnvironmentVariable("PEER_PYTHON") ?? "/usr/bin/python3";

    /// <summary>tests/Peers of the checkout that this program was built from.</summary>
    public static string Folder { get; } = Path.Combine(Checkout.Root, "tests", "Peers");

    public async Task PrepareAsync(CancellationToken ct)
    {
        await RequireAsync(ct);
        if (!serve) return;
        _process = Start("--serve");
        await ReadAsync(_process, ct);
    }

    public async Task<double> MeasureAsync(CancellationToken ct)
    {
        if (_process is null)
        {
            using var once = Start("");
            var value = await ReadAsync(once, ct);
            await once.WaitForExitAsync(ct);
            return value.GetProperty(field).GetDouble();
        }

        await _process.StandardInput.WriteLineAsync("measure".AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
        return (await ReadAsync(_process, ct)).GetProperty(field).GetDouble();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private Process Start(string more)
    {
        var start = new ProcessStartInfo(Interpreter, $"\"{Path.Combine(Folder, script)}\" {arguments} {more}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        // ./run sets these for our side; a peer runs as its user would start it.
        foreach (var ours in new[] { "OMP_WAIT_POLICY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS" }) start.Environment.Remove(ours);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => _errors.Add(line.Data);
        process.BeginErrorReadLine();
        return process;
    }

    private readonly ErrorTail _errors = new();

    private async Task<JsonElement> ReadAsync(Process process, CancellationToken ct)
    {
        var line = await process.StandardOutput.ReadLineAsync(ct);
        if (line is not null) return JsonDocument.Parse(line).RootElement;
        await process.WaitForExitAsync(ct);
        throw new InvalidOperationException($"{script} ended with exit code {process.ExitCode}: {_errors}");
    }

    private static async Task RequireAsync(CancellationToken ct)
    {
        if (!File.Exists(Interpreter))
            throw new MissingPartException($"{Interpreter} is not there; install python3-torch and python3-torchvision.");
        using var check = Process.Start(new ProcessStartInfo(Interpreter, "-c \"import torch, torchvision\"")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var errors = await check.StandardError.ReadToEndAsync(ct);
        await check.WaitForExitAsync(ct);
        if (check.ExitCode != 0)
            throw new MissingPartException($"{Interpreter} cannot import torch and torchvision ({errors.Trim().Split('\n')[^1]}); install python3-torch and python3-torchvision.");
    }

    /// <summary>The last lines that a script wrote to standard error.</summary>
    private sealed class ErrorTail
    {
        private readonly Queue<string> _lines = new();

        public void Add(string? line)
        {
            if (line is null) return;
            lock (_lines)
            {
                _lines.Enqueue(line);
                if (_lines.Count > 5) _lines.Dequeue();
            }
        }

        public override string ToString()
        {
            lock (_lines) return string.Join(" | ", _lines);
        }
    }
}
