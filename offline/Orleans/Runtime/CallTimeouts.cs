namespace Orleans.Runtime;

/// <summary>
/// The calls that wait for a response, and until when. Time is counted in sweeps of one timer, so that a call reads no clock;
/// a time-out is never early and late by at most two sweeps. Lists by processor keep callers from meeting at one lock.
/// </summary>
internal sealed class CallTimeouts : IDisposable
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestSweep = TimeSpan.FromMilliseconds(5);

    private readonly TimeSpan _defaultTimeout;
    private readonly Shard[] _shards;
    private readonly ITimer _timer;
    private readonly Lock _resolutionGate = new();
    private TimeSpan _sweep;
    private long _ticks;
    private long _now;

    public CallTimeouts(TimeSpan defaultTimeout, TimeProvider time)
    {
        _defaultTimeout = defaultTimeout;
        _shards = new Shard[Math.Min(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount))];
        for (var index = 0; index < _shards.Length; index++) _shards[index] = new Shard();
        _sweep = SweepFor(defaultTimeout);
        _ticks = _sweep.Ticks;
        _timer = Timers.Create(time, static state => ((CallTimeouts)state!).Sweep(), this, _sweep, _sweep);
    }

    public void Add(Message message, TimeSpan? ownTimeout)
    {
        var timeout = ownTimeout ?? _defaultTimeout;
        if (timeout.Ticks < _ticks * 2) Refine(timeout);
        message.Deadline = timeout == Timeout.InfiniteTimeSpan
            ? long.MaxValue
            : Volatile.Read(ref _now) + timeout.Ticks + Volatile.Read(ref _ticks);
        message.TimeoutShard = Thread.GetCurrentProcessorId() & (_shards.Length - 1);
        _shards[message.TimeoutShard].Add(message);
    }

    public void Remove(Message message) => _shards[message.TimeoutShard].Remove(message);

    public List<Message> RemoveAll() => [.. _shards.SelectMany(shard => shard.RemoveWhere(static _ => true))];

    public void Dispose() => _timer.Dispose();

    private static TimeSpan SweepFor(TimeSpan timeout)
    {
        var sweep = timeout == Timeout.InfiniteTimeSpan ? LongestSweep : timeout / 8;
        return sweep > LongestSweep ? LongestSweep : sweep < ShortestSweep ? ShortestSweep : sweep;
    }

    // A method with a short time-out of its own makes the sweeps shorter, for good.
    private void Refine(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan) return;
        lock (_resolutionGate)
        {
            var sweep = SweepFor(timeout);
            if (sweep >= _sweep) return;
            // Deadlines count what the clock adds per sweep; the longer sweep under way would add too little, which is late, not early.
            _sweep = sweep;
            Volatile.Write(ref _ticks, sweep.Ticks);
            _timer.Change(sweep, sweep);
        }
    }

    private void Sweep()
    {
        var now = Interlocked.Add(ref _now, Volatile.Read(ref _ticks));
        foreach (var shard in _shards)
        {
            foreach (var message in shard.RemoveWhere(message => message.Deadline <= now))
                ((IPendingCall)message.ReplyTo!).TimeOut(message.Request.GetDefaultResponseTimeout() ?? _defaultTimeout);
        }
    }

    private sealed class Shard
    {
        private readonly Lock _gate = new();
        private Message? _first;

        public void Add(Message message)
        {
            lock (_gate)
            {
                message.LaterTimeout = _first;
                if (_first is not null) _first.EarlierTimeout = message;
                _first = message;
                message.IsTimeoutWatched = true;
            }
        }

        public void Remove(Message message)
        {
            lock (_gate) Unlink(message);
        }

        public List<Message> RemoveWhere(Predicate<Message> predicate)
        {
            List<Message>? removed = null;
            lock (_gate)
            {
                for (var message = _first; message is not null;)
                {
                    var next = message.LaterTimeout;
                    if (predicate(message))
                    {
                        Unlink(message);
                        (removed ??= []).Add(message);
                    }

                    message = next;
                }
            }

            return removed ?? [];
        }

        private void Unlink(Message message)
        {
            if (!message.IsTimeoutWatched) return;
            message.IsTimeoutWatched = false;
            if (message.EarlierTimeout is { } earlier) earlier.LaterTimeout = message.LaterTimeout;
            else _first = message.LaterTimeout;
            if (message.LaterTimeout is { } later) later.EarlierTimeout = message.EarlierTimeout;
            message.EarlierTimeout = message.LaterTimeout = null;
        }
    }
}
