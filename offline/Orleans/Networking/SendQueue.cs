using Orleans.Serialization;

namespace Orleans.Networking;

/// <summary>
/// The frames that wait to be sent on one transport. One loop takes all that wait, puts the small parts together and sends large
/// ones straight from where they are. It runs in the thread pool while all is small and the other end keeps up; else on a thread of
/// its own, which may block. Where frames come one at a time, each goes from the thread that adds it.
/// </summary>
internal sealed class SendQueue(ITransport transport, Action<Exception> onFailed) : IThreadPoolWorkItem
{
    private const int Large = 16 << 10;
    private const int Size = 64 << 10;

    private readonly Lock _gate = new();
    private readonly byte[] _buffer = new byte[Size];
    private List<FrameWriter> _waiting = [];
    private List<FrameWriter> _taken = [];
    private readonly SemaphoreSlim _wake = new(0);
    private TaskCompletionSource? _drained;
    private int _used;
    private bool _hasThread;
    private bool _isSending;
    private bool _wasAlone;
    private bool _isClosed;

    /// <summary>Queues a frame, which belongs to the queue from now on; false where the queue is closed.</summary>
    public bool Add(FrameWriter frame)
    {
        bool isAlone;
        lock (_gate)
        {
            if (_isClosed) return false;
            _waiting.Add(frame);
            if (_isSending) return true;
            _isSending = true;
            isAlone = _wasAlone && frame.Length < Large;
        }

        // Among many, others that run meanwhile add theirs, and all go in one call of the kernel. One alone goes sooner from here.
        if (isAlone) _ = SendAsync(mayBlock: false, isCaller: true);
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>Completes when all that was added until now is sent, or cannot be any more.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (!_isSending || _isClosed) return Task.CompletedTask;
            return (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    public void Close()
    {
        List<FrameWriter> dropped;
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            dropped = _waiting;
            _waiting = [];
            _drained?.TrySetResult();
        }

        _wake.Release();
        foreach (var frame in dropped) FramePool.Return(frame);
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync(mayBlock: false);

    private async Task SendAsync(bool mayBlock, bool isCaller = false)
    {
        try
        {
            while (_taken.Count > 0 || Take())
            {
                if (!mayBlock && !(_taken.Sum(static frame => frame.Length) <= Size && transport.CanSendNow))
                {
                    WakeThread();
                    return;
                }

                foreach (var frame in _taken) await SendAsync(frame).ConfigureAwait(false);
                await FlushAsync().ConfigureAwait(false);
                foreach (var frame in _taken) FramePool.Return(frame);
                _taken.Clear();
                if (!isCaller) continue;
                // A caller has its own work: what others added meanwhile is not for it to send.
                if (Take()) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        catch (Exception exception)
        {
            Close();
            onFailed(exception);
        }
    }

    // The loop goes on there, with what was taken.
    private void WakeThread()
    {
        if (!_hasThread)
        {
            _hasThread = true;
            BlockingThread.Start("send", RunThread);
        }

        _wake.Release();
    }

    private void RunThread()
    {
        while (true)
        {
            _wake.Wait();
            lock (_gate)
                if (_isClosed) return;
            SendAsync(mayBlock: true).GetAwaiter().GetResult();
        }
    }

    private bool Take()
    {
        lock (_gate)
        {
            (_taken, _waiting) = (_waiting, _taken);
            if (_taken.Count > 0)
            {
                _wasAlone = _taken.Count == 1;
                return true;
            }

            _isSending = false;
            _drained?.TrySetResult();
            _drained = null;
            return false;
        }
    }

    private async ValueTask SendAsync(FrameWriter frame)
    {
        var segments = frame.Segments;
        for (var index = 0; index < segments.Count; index++)
        {
            var segment = segments[index];
            if (segment.Length > Size - _used || segment.Length >= Large) await FlushAsync().ConfigureAwait(false);
            if (segment.Length >= Large)
            {
                await transport.SendAsync(segment, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            segment.Span.CopyTo(_buffer.AsSpan(_used));
            _used += segment.Length;
        }
    }

    private ValueTask FlushAsync()
    {
        if (_used == 0) return ValueTask.CompletedTask;
        var length = _used;
        _used = 0;
        return transport.SendAsync(_buffer.AsMemory(0, length), CancellationToken.None);
    }
}

/// <summary>Frames to be written again.</summary>
internal static class FramePool
{
    private const int Most = 256;

    private static readonly System.Collections.Concurrent.ConcurrentQueue<FrameWriter> Spare = new();
    private static int _count;

    public static FrameWriter Rent()
    {
        if (!Spare.TryDequeue(out var frame)) return new FrameWriter();
        Interlocked.Decrement(ref _count);
        return frame;
    }

    public static void Return(FrameWriter frame)
    {
        if (Interlocked.Increment(ref _count) > Most || frame.Segments[0].Length > 64 << 10)
        {
            Interlocked.Decrement(ref _count);
            frame.Dispose();
            return;
        }

        frame.Reset();
        Spare.Enqueue(frame);
    }
}
