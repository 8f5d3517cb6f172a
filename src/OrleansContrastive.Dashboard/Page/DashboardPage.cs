using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansContrastive.Dashboard.Monitoring;

namespace OrleansContrastive.Dashboard.Page;

/// <summary>The one page, which loads nothing from anywhere.</summary>
internal static class DashboardPage
{
    private const string NonceMark = "NONCE";
    private const string StateMark = "STATE";
    private static readonly Lazy<string> Html = new(Load);

    /// <summary>Writes the page; its policy lets only its own script and styles run.</summary>
    public static Task WriteAsync(HttpContext context, RunMonitor monitor)
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        context.Response.ContentType = "text/html; charset=utf-8";
        // The serializer escapes what could end the script element.
        var state = JsonSerializer.Serialize(monitor.State, DashboardJson.Default.DashboardState);
        var page = Html.Value.Replace(NonceMark, nonce, StringComparison.Ordinal).Replace(StateMark, state, StringComparison.Ordinal);
        return context.Response.WriteAsync(page, context.RequestAborted);
    }

    private static string Load()
    {
        using var stream = typeof(DashboardPage).Assembly.GetManifestResourceStream("dashboard.html")
            ?? throw new InvalidOperationException("The page is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
