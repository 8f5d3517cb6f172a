using System.Text.RegularExpressions;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>No secret, no key, no wildcard, no image called latest; and only roles that are needed, each under its own name.</summary>
internal static partial class Safety
{
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "acrPull",
        ["8311e382-0749-4cb8-b61a-304f252e45ec"] = "acrPush",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "blobDataContributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "blobDataReader",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "tableDataContributor",
    };

    private static readonly string[] KeyFunctions = ["listKeys", "listAccountSas", "listServiceSas", "listCredentials", "listSecrets", "getSecret"];

    public static IEnumerable<string> Problems(Tree tree)
    {
        string[] files = [.. tree.Below("infra"), .. Dockerfiles.Files, "azure.yaml", ".dockerignore", .. tree.Exists("docs/operations.md") ? ["docs/operations.md"] : Array.Empty<string>()];
        foreach (var path in files)
        {
            foreach (var (line, index) in tree.Read(path).Split('\n').Select((line, index) => (line.Replace(StoreAddress.EmulatorKey, "", StringComparison.Ordinal), index + 1)))
            {
                if (Key().Match(line) is { Success: true } key && key.Value.Any(char.IsDigit) && key.Value.Any(char.IsUpper) && key.Value.Any(char.IsLower)) yield return $"{path}({index}): '{key.Value[..8]}...' looks like a key.";
                if (Given().IsMatch(line)) yield return $"{path}({index}): a secret is written down: {line.Trim()}";
                if (Latest().IsMatch(line)) yield return $"{path}({index}): an image is called latest.";
            }
        }

        foreach (var path in tree.Templates)
        {
            foreach (var statement in tree.Bicep(path))
            {
                foreach (var problem in (statement.Value?.All() ?? []).SelectMany(value => Judge(path, statement, value))) yield return problem;
                foreach (var decorator in statement.Decorators.Where(decorator => decorator.Name == "secure")) yield return $"{path}({statement.Line}): '{statement.Name}' is a secret; identities need none.";
                if (statement is { Kind: Kind.Output } && Confidential().IsMatch(statement.Name)) yield return $"{path}({statement.Line}): the output '{statement.Name}' sounds like a secret.";
            }
        }
    }

    private static IEnumerable<string> Judge(string path, Declaration statement, Expression value)
    {
        if (value is Text text)
        {
            if (text.With("x").Contains('*', StringComparison.Ordinal)) yield return $"{path}({statement.Line}): a wildcard: {text.With("x")}";
            if (text.Literal is { } literal && Guid().IsMatch(literal))
            {
                if (!Roles.TryGetValue(literal, out var role)) yield return $"{path}({statement.Line}): {literal} is no role that the cluster needs.";
                else if (statement.Name != role) yield return $"{path}({statement.Line}): '{statement.Name}' is the role {role}.";
            }
        }

        if (value is Call call && KeyFunctions.Contains(call.Function)) yield return $"{path}({statement.Line}): {call.Function} reads a key; use an identity.";
        if (value is not ObjectValue entries) yield break;
        foreach (var (key, said) in entries.Properties)
        {
            var name = (key as Text)?.Literal;
            if (name is "adminUserEnabled" or "allowSharedKeyAccess" or "allowBlobPublicAccess" or "anonymousPullEnabled" && said is not Word { Value: "false" }) yield return $"{path}({statement.Line}): {name} must be false.";
            if (name is "minimumTlsVersion" && said is not Text { Literal: "TLS1_2" or "TLS1_3" }) yield return $"{path}({statement.Line}): {name} must be TLS1_2 or higher.";
            if (name is "allowInsecure" && said is not Word { Value: "false" }) yield return $"{path}({statement.Line}): {name} must be false.";
            if (name is "corsPolicy") yield return $"{path}({statement.Line}): nothing here is called from another origin.";
        }

        if (statement.Of.StartsWith("Microsoft.Storage/storageAccounts@", StringComparison.Ordinal) && statement.Body?["properties"] == value && entries["allowSharedKeyAccess"] is null) yield return $"{path}({statement.Line}): allowSharedKeyAccess must be false, and is not said.";
        if (statement.Of.StartsWith("Microsoft.Authorization/roleAssignments@", StringComparison.Ordinal) && statement.Body == value && value.At("properties", "principalType") is null) yield return $"{path}({statement.Line}): a role assignment names the principalType, or fails while the identity is new.";
    }

    [GeneratedRegex(@"[A-Za-z0-9+/]{40,}={0,2}")]
    private static partial Regex Key();

    [GeneratedRegex(@"(AccountKey|SharedAccessSignature|Password|pwd|client_secret|ClientSecret|sig)=[^\s;""'<$]{4,}", RegexOptions.IgnoreCase)]
    private static partial Regex Given();

    [GeneratedRegex(@"[\w/]:latest\b")]
    private static partial Regex Latest();

    [GeneratedRegex("key|secret|password|connection", RegexOptions.IgnoreCase)]
    private static partial Regex Confidential();

    [GeneratedRegex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    private static partial Regex Guid();
}
