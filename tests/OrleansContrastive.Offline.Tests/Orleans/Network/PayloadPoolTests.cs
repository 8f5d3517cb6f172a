using System.Runtime.CompilerServices;
using Orleans.Networking;

namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Arrays for payloads come back when nothing refers to them, and not a moment sooner.</summary>
[Collection(nameof(MemoryTests))]
public sealed class PayloadPoolTests
{
    private const int Length = 200_000;

    [Fact]
    public void An_array_that_nobody_refers_to_is_used_again()
    {
        var pool = new PayloadPool(10 * Length);
        RentAndForget(pool, 3);
        Collect();
        Assert.Equal(3 * Length, pool.SpareBytes);

        var again = pool.Rent(Length);
        Assert.Equal(7, again[0]);
        Assert.Equal(2 * Length, pool.SpareBytes);
        GC.KeepAlive(again);
    }

    [Fact]
    public void An_array_comes_back_every_time()
    {
        var pool = new PayloadPool(10 * Length);
        for (var round = 0; round < 5; round++)
        {
            RentAndForget(pool, 2);
            Collect();
            Assert.Equal(2 * Length, pool.SpareBytes);
        }
    }

    [Fact]
    public void An_array_stays_away_as_long_as_a_part_of_it_is_looked_at()
    {
        var pool = new PayloadPool(10 * Length);
        var part = Part(pool);
        Collect();
        Assert.Equal(0, pool.SpareBytes);
        Assert.NotEqual(part[0], pool.Rent(Length)[1000]);
        Assert.Equal(42, part[0]);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static ReadOnlySpan<byte> Part(PayloadPool pool)
        {
            var array = pool.Rent(Length);
            array[1000] = 42;
            return array.AsSpan(1000, 1);
        }
    }

    [Fact]
    public void No_more_is_kept_than_allowed_and_what_was_unused_longest_goes()
    {
        var pool = new PayloadPool(4 * Length);
        RentAndForget(pool, 3);
        Collect();
        RentAndForget(pool, 3, Length + 1);
        Collect();
        Assert.InRange(pool.SpareBytes, 3 * Length, 4 * Length);
        Assert.Equal(7, pool.Rent(Length + 1)[0]);
    }

    [Fact]
    public void Short_arrays_are_new()
    {
        var pool = new PayloadPool(10 * Length);
        RentAndForget(pool, 5, 1000);
        Collect();
        Assert.Equal(0, pool.SpareBytes);
    }

    [Fact]
    public void Few_arrays_are_made_however_many_are_rented()
    {
        // Nobody collects here but the pool: left alone, the collector lets the garbage grow to most of these arrays.
        var pool = new PayloadPool(20 * Length);
        var made = new HashSet<int>();
        for (var rented = 0; rented < 1000; rented++)
        {
            made.Add(Identity(pool));
            Thread.Sleep(1);
        }

        Assert.InRange(made.Count, 1, 300);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Identity(PayloadPool pool) => RuntimeHelpers.GetHashCode(pool.Rent(Length));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RentAndForget(PayloadPool pool, int count, int length = Length)
    {
        var all = Enumerable.Range(0, count).Select(_ => pool.Rent(length)).ToArray();
        foreach (var array in all) array[0] = 7;
    }

    private static void Collect()
    {
        // A collection that another test began may have seen less.
        for (var round = 0; round < 2; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
