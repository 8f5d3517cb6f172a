using System.Runtime;

namespace Orleans.Networking;

/// <summary>
/// Arrays for large payloads. To touch memory that is fresh from the system costs several times the copy into it, so arrays are used
/// again. Nobody has to give one back: each has a tracker that lives as long as the array, and whose finalizer runs when nothing, not
/// even a span, refers to the array any more. As renting out of the pool gives the collector no reason to run, the pool asks it to.
/// Thread-safe.
/// </summary>
internal sealed class PayloadPool(long most)
{
    /// <summary>Shorter arrays are cheap: the collector keeps their memory.</summary>
    public const int Shortest = 85_000;

    private readonly Lock _gate = new();

    // The longest unused first.
    private readonly List<Tracker> _spare = [];
    private long _spareBytes;
    private long _usedBytes;
    private long _rentedBytes;
    private int _collections;

    /// <summary>The pool of this process.</summary>
    public static PayloadPool Shared { get; } = new(64 << 20);

    /// <summary>The bytes that wait to be used again; at most what the constructor was told.</summary>
    public long SpareBytes
    {
        get
        {
            lock (_gate) return _spareBytes;
        }
    }

    /// <summary>An array of exactly this length, with anything in it.</summary>
    public byte[] Rent(int length)
    {
        if (length < Shortest) return GC.AllocateUninitializedArray<byte>(length);
        Tracker? spare;
        bool mayFindUnused;
        lock (_gate)
        {
            var index = _spare.FindLastIndex(it => it.Length == length);
            spare = index < 0 ? null : TakeAt(index);
            mayFindUnused = Count(length);
        }

        // Large arrays are looked at in full collections only; where there is a background collection nobody waits for it.
        if (mayFindUnused) GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        return spare?.Use() ?? Tracker.Start(this, GC.AllocateUninitializedArray<byte>(length));
    }

    // Whether as much was rented since the last collection as was in use then, and at least half a pool.
    private bool Count(int length)
    {
        _usedBytes += length;
        var collections = GC.CollectionCount(GC.MaxGeneration);
        if (_collections != collections) (_collections, _rentedBytes) = (collections, 0);
        _rentedBytes += length;
        if (_rentedBytes < Math.Max(most / 2, _usedBytes - _rentedBytes)) return false;
        _rentedBytes = 0;
        return true;
    }

    private void Keep(Tracker unused)
    {
        lock (_gate)
        {
            _usedBytes -= unused.Length;
            _spare.Add(unused);
            _spareBytes += unused.Length;
            while (_spareBytes > most) TakeAt(0).Drop();
        }
    }

    private Tracker TakeAt(int index)
    {
        var taken = _spare[index];
        _spare.RemoveAt(index);
        _spareBytes -= taken.Length;
        return taken;
    }

    private sealed class Tracker
    {
        private readonly PayloadPool _pool;
        private readonly byte[] _array;
        private DependentHandle _livesWithArray;

        private Tracker(PayloadPool pool, byte[] array)
        {
            (_pool, _array) = (pool, array);
            _livesWithArray = new DependentHandle(array, this);
        }

        ~Tracker() => _pool.Keep(this);

        public int Length => _array.Length;

        public static byte[] Start(PayloadPool pool, byte[] array)
        {
            _ = new Tracker(pool, array);
            return array;
        }

        /// <summary>Out of the pool: only the array refers to its tracker now.</summary>
        public byte[] Use()
        {
            GC.ReRegisterForFinalize(this);
            return _array;
        }

        /// <summary>The collector may have the array.</summary>
        public void Drop() => _livesWithArray.Dispose();
    }
}
