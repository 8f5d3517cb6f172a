using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansContrastive.Cli.Clusters;

/// <summary>A <c>contrastive-silo</c> of this machine as a process of its own. Its words go into a log file.</summary>
internal sealed partial class SiloProcess : IAsyncDisposable
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _tail = [];

    private SiloProcess(string label, string logFile, Process process)
    {
        (Label, LogFile, _process) = (label, logFile, process);
        _log = new(logFile, append: true) { AutoFlush = true };
        _process.OutputDataReceived += (_, data) => Hear(data.Data);
        _process.ErrorDataReceived += (_, data) => Hear(data.Data);
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"Silo '{Label}' ended before it was ready; its log {LogFile} ends:\n{Tail}"));
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it was called; its full name ends in a mark of this start.</summary>
    public string Label { get; }

    /// <summary>Its log.</summary>
    public string LogFile { get; }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended, by itself or not.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Completes with its full name when it has joined the cluster; fails where it ends before.</summary>
    public Task<string> Ready => _ready.Task;

    /// <summary>The end of its log.</summary>
    public string Tail
    {
        get
        {
            lock (_tail) return string.Join('\n', _tail);
        }
    }

    /// <summary>Starts a silo.</summary>
    /// <param name="program"><c>contrastive-silo</c>, or its dll.</param>
    /// <param name="label">Its name.</param>
    /// <param name="logFile">Where its words go.</param>
    /// <param name="arguments">Its options.</param>
    public static SiloProcess Start(string program, string label, string logFile, IEnumerable<string> arguments)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(logFile))!);
        var (command, first) = program.EndsWith(".dll", StringComparison.Ordinal) ? ("dotnet", new[] { program }) : (program, []);
        var start = new ProcessStartInfo(command, [.. first, "--name", label, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // Several silos share this machine; a heap per core for each would be its whole memory.
        start.Environment["DOTNET_gcServer"] = "0";
        return new(label, logFile, Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start."));
    }

    /// <summary>Ends it at once, as a power failure would.</summary>
    public async Task KillAsync()
    {
        Signal(Kill);
        await _process.WaitForExitAsync();
    }

    /// <summary>Stands it still; it does not notice.</summary>
    public void Freeze() => Signal(Stop);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => Signal(Continue);

    /// <summary>Asks it to leave in order, and waits.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        Signal(Terminate);
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public Task EndedAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Signal(Kill);
        // Its last words are still on their way when it has ended.
        await _process.WaitForExitAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private void Hear(string? line)
    {
        if (line is null) return;
        lock (_tail)
        {
            _log.WriteLine(line);
            _tail.Enqueue(line);
            if (_tail.Count > 40) _tail.Dequeue();
        }

        const string Mark = " is ready in cluster ";
        if (line.IndexOf(Mark, StringComparison.Ordinal) is > 0 and var at) _ready.TrySetResult(line[..at].Split(' ')[^1].Trim('"'));
    }

    private void Signal(int signal)
    {
        if (_process.HasExited) return;
        if (Send(_process.Id, signal) != 0 && !_process.HasExited) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
