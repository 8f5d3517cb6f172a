using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansContrastive.Dashboard.Monitoring;

namespace OrleansContrastive.Dashboard.Page;

/// <summary>The states of the monitor as server-sent events, each whole: whoever connects late or again sees everything.</summary>
internal static class EventStream
{
    /// <summary>Writes events until the reader goes or the application stops.</summary>
    public static async Task WriteAsync(RunMonitor monitor, HttpContext context, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await SseFormatter.WriteAsync(
                StatesAsync(monitor, over.Token),
                context.Response.Body,
                (item, buffer) =>
                {
                    using var json = new Utf8JsonWriter(buffer);
                    JsonSerializer.Serialize(json, item.Data, DashboardJson.Default.DashboardState);
                },
                over.Token);
        }
        catch (OperationCanceledException)
        {
            // The usual end.
        }
    }

    private static async IAsyncEnumerable<SseItem<DashboardState>> StatesAsync(RunMonitor monitor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var (state, next) = monitor.Frame;
            yield return new(state, "state");
            await next.WaitAsync(cancellationToken);
        }
    }
}
