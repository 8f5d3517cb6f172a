namespace OrleansContrastive.Benchmarks.Rows;

internal static class Parallelism
{
    /// <summary>Runs <paramref name="work"/> for 0 … <paramref name="count"/> − 1, each on a thread of its own.</summary>
    public static void Run(int count, Action<int> work)
    {
        var threads = Enumerable.Range(0, count).Select(i => new Thread(() => work(i))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
    }
}
