using System.Diagnostics.CodeAnalysis;
using Azure.Core;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using OrleansContrastive.Checkpoints.Stores.Blobs;

namespace OrleansContrastive.Checkpoints.Stores;

/// <summary>
/// Where a store lies, as a user writes it:
/// <list type="bullet">
/// <item>a folder, which silos on several machines may share;</item>
/// <item><c>https://ACCOUNT.blob.core.windows.net/CONTAINER</c>, with the credential that Azure's default chain finds
/// (environment, managed identity, developer login), or with the shared access signature in its query;</item>
/// <item>a connection string of an Azure storage account, and <c>;Container=NAME</c>;</item>
/// <item><c>azurite</c>, the emulator on its standard port, or <c>http://127.0.0.1:PORT/devstoreaccount1/CONTAINER</c> for one on
/// another.</item>
/// </list>
/// </summary>
public sealed class StoreAddress
{
    private const string DefaultContainer = "contrastive";
    private const string ContainerSetting = "Container";
    private const string Emulator = "azurite";

    /// <summary>The account of every emulator.</summary>
    public const string EmulatorAccount = "devstoreaccount1";

    /// <summary>Of every emulator, and so no secret: https://learn.microsoft.com/azure/storage/common/storage-use-azurite</summary>
    public const string EmulatorKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string Known =
        "expected a folder, https://ACCOUNT.blob.core.windows.net/CONTAINER, a storage connection string with ;Container=NAME, or azurite";

    private readonly string _shown;
    private readonly Func<ICheckpointStore> _open;

    private StoreAddress(string shown, Func<ICheckpointStore> open, string? folder = null, Uri? account = null) =>
        (_shown, _open, Folder, Account) = (shown, open, folder, account);

    /// <summary>The full path where the store is a folder, which need not exist; otherwise null.</summary>
    public string? Folder { get; }

    /// <summary>
    /// The blob service of the account where the store is a container's URL without a signature, so that other containers of the account can
    /// be reached in the same way; otherwise null.
    /// </summary>
    public Uri? Account { get; }

    /// <summary>Understands an address. Nothing is asked of the store yet.</summary>
    /// <exception cref="ArgumentException">It is none; the message says what is wrong with it and what would be right.</exception>
    public static StoreAddress Parse(string text) =>
        TryParse(text, out var address, out var problem) ? address : throw new ArgumentException(problem, nameof(text));

    /// <summary>Understands an address, or says in a sentence why it is none.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out StoreAddress? address, [NotNullWhen(false)] out string? problem)
    {
        (address, problem) = (null, null);
        try
        {
            address = From((text ?? "").Trim());
            return true;
        }
        catch (FormatException fault)
        {
            problem = fault.Message;
            return false;
        }
    }

    /// <summary>Opens the store. It is created when first written to.</summary>
    /// <exception cref="IOException">A folder cannot be looked into.</exception>
    public ICheckpointStore Open() => _open();

    /// <summary>The address without any secret.</summary>
    public override string ToString() => _shown;

    private static StoreAddress From(string text)
    {
        if (text.Length == 0) throw new FormatException($"The store has no address; {Known}.");
        if (text.Equals(Emulator, StringComparison.OrdinalIgnoreCase)) return FromConnection("UseDevelopmentStorage=true");
        if (IsConnection(text)) return FromConnection(text);
        return text.Contains("://", StringComparison.Ordinal) ? FromUrl(text) : FromFolder(text);
    }

    private static StoreAddress FromFolder(string text)
    {
        var folder = Path.GetFullPath(text);
        if (File.Exists(folder)) throw new FormatException($"'{text}' is a file; {Known}.");
        return new(folder, () => new FolderStore(folder), folder);
    }

    private static StoreAddress FromUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
            throw new FormatException($"'{text}' is no address of a store; {Known}.");

        var shown = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var path = url.AbsolutePath.Trim('/').Split('/', StringSplitOptions.RemoveEmptyEntries);
        var isEmulator = url.IsLoopback && path is [EmulatorAccount, ..];
        if (url.Scheme == "http" && !isEmulator)
            throw new FormatException($"'{shown}' is not encrypted; only an emulator's http://127.0.0.1:PORT/{EmulatorAccount}/CONTAINER may be: use https.");

        var containers = isEmulator ? path[1..] : path;
        if (containers is not [var container])
            throw new FormatException($"'{shown}' names {(containers.Length == 0 ? "no container" : "more than a container")}; expected https://ACCOUNT.blob.core.windows.net/CONTAINER.");
        CheckContainer(container, shown);

        var place = new Uri(shown);
        return new(shown, () => new BlobStore(
            url.Query.Length > 1 ? new BlobContainerClient(url, Client())
            : isEmulator ? new BlobContainerClient(place, new StorageSharedKeyCredential(EmulatorAccount, EmulatorKey), Client())
            : new BlobContainerClient(place, new DefaultAzureCredential(), Client())),
            account: url.Query.Length > 1 ? null : new(shown[..^(container.Length + 1)]));
    }

    private static StoreAddress FromConnection(string text)
    {
        var settings = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var container = settings.Where(setting => IsSetting(setting, ContainerSetting)).Select(setting => setting[(ContainerSetting.Length + 1)..])
            .LastOrDefault(DefaultContainer);
        var connection = string.Join(';', settings.Where(setting => !IsSetting(setting, ContainerSetting)));
        string account;
        try
        {
            // The client's own parser; its messages name the setting that is missing, and no value.
            account = new BlobContainerClient(connection, DefaultContainer).Uri.GetLeftPart(UriPartial.Path)[..^(DefaultContainer.Length + 1)];
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException($"The connection string of the store is not valid: {fault.Message.TrimEnd('.')}; {Known}.");
        }

        CheckContainer(container, $"{account}/{container}");
        return new($"{account}/{container}", () => new BlobStore(new BlobContainerClient(connection, container, Client())));
    }

    private static bool IsConnection(string text) =>
        text.Split(';').Any(setting => new[] { "UseDevelopmentStorage", "AccountName", "AccountKey", "BlobEndpoint", "SharedAccessSignature", "DefaultEndpointsProtocol" }
            .Any(name => IsSetting(setting.Trim(), name)));

    private static bool IsSetting(string setting, string name) => setting.StartsWith($"{name}=", StringComparison.OrdinalIgnoreCase);

    private static void CheckContainer(string container, string shown)
    {
        var valid = container.Length is >= 3 and <= 63
            && container.All(unit => unit is >= 'a' and <= 'z' or >= '0' and <= '9' or '-')
            && container[0] != '-' && container[^1] != '-' && !container.Contains("--", StringComparison.Ordinal);
        if (!valid)
            throw new FormatException($"'{shown}' has the container '{container}'; expected 3 to 63 of a-z, 0-9 and single hyphens between them.");
    }

    /// <summary>
    /// Six tries of a request, 0.4 to 10 s apart and growing; a try that moves no byte for 60 s counts as failed. So a service
    /// that refuses everything is given up after about 13 s.
    /// </summary>
    internal static BlobClientOptions Client() => new()
    {
        Retry =
        {
            Mode = RetryMode.Exponential,
            MaxRetries = 5,
            Delay = TimeSpan.FromSeconds(0.4),
            MaxDelay = TimeSpan.FromSeconds(10),
            NetworkTimeout = TimeSpan.FromSeconds(60),
        },
        Diagnostics = { IsTelemetryEnabled = false },
    };
}
