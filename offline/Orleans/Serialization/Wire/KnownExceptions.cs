using System.ComponentModel;
using System.Data;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Orleans.Serialization;

/// <summary>
/// Exceptions that arrive as what they are without a word in their class: those of the core library, those of other framework
/// libraries that programs like this one meet, and this runtime's own.
/// </summary>
internal static class KnownExceptions
{
    private static readonly Type[] Others =
    [
        typeof(SocketException), typeof(HttpRequestException), typeof(HttpProtocolException), typeof(WebException), typeof(ProtocolViolationException),
        typeof(JsonException), typeof(ChannelClosedException), typeof(OptionsValidationException), typeof(Win32Exception), typeof(UriFormatException),
        typeof(AuthenticationException), typeof(CryptographicException), typeof(RegexMatchTimeoutException), typeof(ExternalException),
        typeof(DataException), typeof(WarningException),
    ];

    // At the first error that travels.
    private static readonly Lazy<Dictionary<string, Lazy<ExceptionKind>>> All = new(static () =>
        typeof(object).Assembly.GetExportedTypes().Concat(Others).Concat(typeof(KnownExceptions).Assembly.GetTypes()).Where(IsUsable).Distinct()
            .ToDictionary(type => type.FullName!, type => new Lazy<ExceptionKind>(() => ExceptionKind.Of(type))));

    public static ExceptionKind? Find(string name) => All.Value.TryGetValue(name, out var kind) ? kind.Value : null;

    public static bool IsUsable(Type type) =>
        typeof(Exception).IsAssignableFrom(type) && type is { IsAbstract: false, ContainsGenericParameters: false };
}
