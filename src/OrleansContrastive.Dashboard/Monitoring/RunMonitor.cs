using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansContrastive.Dashboard.Monitoring;

/// <summary>Looks at all runs once a second and tells everybody who watches. Thread-safe.</summary>
internal sealed partial class RunMonitor(IRunReader reader, TimeProvider time, ILogger<RunMonitor> logger) : BackgroundService
{
    private const int MostEvents = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, RunMemory> _memories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RunPanel> _panels = new(StringComparer.Ordinal);
    private readonly List<DashboardEvent> _events = [];
    private (DashboardState State, TaskCompletionSource Next) _frame = (DashboardState.Empty, Pulse());

    /// <summary>The newest state.</summary>
    public DashboardState State => Frame.State;

    /// <summary>The newest state, and what ends when it is no longer the newest.</summary>
    public (DashboardState State, Task Next) Frame
    {
        get
        {
            lock (_lock) return (_frame.State, _frame.Next.Task);
        }
    }

    /// <summary>Asks all runs once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        string? problem = null;
        try
        {
            var runs = await reader.ListAsync(cancellationToken);
            await Task.WhenAll(runs.Select(LookAtAsync));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.ListFailed(logger, exception);
            problem = $"The runs cannot be listed: {exception.Message}";
        }

        Publish(problem);
    }

    /// <summary>Judges a run; null where that was begun and done, otherwise why not.</summary>
    public async Task<string?> JudgeAsync(string run, CancellationToken cancellationToken)
    {
        RunMemory? memory;
        lock (_lock)
        {
            if (!_memories.TryGetValue(run, out memory)) return $"There is no run '{run}'.";
            if (memory.View is null) return $"Run '{run}' has no shards yet that could be judged.";
            if (memory.Judging) return $"Run '{run}' is being judged already.";
            memory.Judging = true;
        }

        try
        {
            var report = await reader.JudgeAsync(memory.View).WaitAsync(cancellationToken);
            lock (_lock)
            {
                memory.Take(report);
                Add(run, false, $"kNN of version {report.Version}: {string.Join(", ", report.Results.Select(result => result.Top1.ToString("P1", System.Globalization.CultureInfo.InvariantCulture)))}");
            }

            return null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.JudgeFailed(logger, run, exception);
            return $"Run '{run}' could not be judged: {exception.Message}";
        }
        finally
        {
            lock (_lock) memory.Judging = false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAtAsync(string run)
    {
        try
        {
            var (status, view) = await reader.ReadAsync(run).WaitAsync(Patience, time);
            lock (_lock)
            {
                if (!_memories.TryGetValue(run, out var memory)) _memories.Add(run, memory = new());
                foreach (var (warning, text) in memory.Take(status, view)) Add(run, warning, text);
                _panels[run] = PanelWriter.Write(status, view ?? memory.View);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.ReadFailed(logger, run, exception.Message);
            lock (_lock)
            {
                var known = _panels.GetValueOrDefault(run) ?? new RunPanel { Run = run, Phase = "unknown" };
                _panels[run] = known with { Problem = $"does not answer: {exception.Message}" };
            }
        }
    }

    private void Publish(string? problem)
    {
        lock (_lock)
        {
            var panels = _panels.Values.OrderBy(panel => panel.Run, StringComparer.Ordinal)
                .Select(panel => _memories.TryGetValue(panel.Run, out var memory) ? memory.Complete(panel) : panel);
            var last = _frame.Next;
            _frame = (new(time.GetUtcNow(), problem, [.. panels], [.. _events]), Pulse());
            last.SetResult();
        }
    }

    private void Add(string run, bool warning, string text)
    {
        _events.Insert(0, new(time.GetUtcNow(), run, warning, text));
        if (_events.Count > MostEvents) _events.RemoveAt(MostEvents);
    }

    private static TaskCompletionSource Pulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The dashboard cannot list the runs")]
        public static partial void ListFailed(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Debug, "The dashboard gets no answer of run {Run}: {Reason}")]
        public static partial void ReadFailed(ILogger logger, string run, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Run {Run} could not be judged")]
        public static partial void JudgeFailed(ILogger logger, string run, Exception exception);
    }
}
