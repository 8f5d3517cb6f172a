using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace OrleansContrastive.Dashboard.Page;

/// <summary>The one page, which loads nothing from anywhere.</summary>
internal static class DashboardPage
{
    private const string NonceMark = "NONCE";
    private static readonly Lazy<string> Html = new(Load);

    /// <summary>Writes the page; its policy lets only its own script and styles run.</summary>
    public static Task WriteAsync(HttpContext context)
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(Html.Value.Replace(NonceMark, nonce, StringComparison.Ordinal), context.RequestAborted);
    }

    private static string Load()
    {
        using var stream = typeof(DashboardPage).Assembly.GetManifestResourceStream("dashboard.html")
            ?? throw new InvalidOperationException("The page is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
