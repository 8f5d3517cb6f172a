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

    private static readonly Lazy<Type[]> All = new(static () =>
        [.. typeof(object).Assembly.GetExportedTypes().Concat(Others).Concat(typeof(KnownExceptions).Assembly.GetTypes()).Where(IsUsable).Distinct()]);

    public static IEnumerable<Type> Types => All.Value;

    public static bool IsUsable(Type type) =>
        typeof(Exception).IsAssignableFrom(type) && type is { IsAbstract: false, ContainsGenericParameters: false };
}
