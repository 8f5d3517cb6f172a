using System.Globalization;
using System.Text;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

/// <summary>A shared number, raised by compare and swap: a lost or doubled write shows in the sum.</summary>
internal static class Counter
{
    public static async Task IncrementAsync(ICheckpointStore store, string key, int times, CancellationToken token)
    {
        for (var done = 0; done < times;)
        {
            var found = await store.ReadAsync(key, token);
            var count = found is null ? 0 : int.Parse(found.Content.Span, CultureInfo.InvariantCulture);
            var condition = found is null ? WriteCondition.IfAbsent : WriteCondition.IfMatch(found.ETag);
            try
            {
                await store.WriteAsync(key, Encoding.UTF8.GetBytes(Invariant(count + 1)), condition, token);
                done++;
            }
            catch (ConditionFailedException)
            {
                // Somebody else was first: read again.
            }
        }
    }

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);
}
