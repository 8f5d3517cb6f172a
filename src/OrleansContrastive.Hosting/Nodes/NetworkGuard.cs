using Microsoft.Extensions.Options;
using Orleans;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>
/// Who may connect to a silo of the stand-in for Orleans: those who know a secret, or whose connections are TLS. Section
/// <c>Orleans:Network</c>, the same for all silos and, in their environment, for all clients of a cluster. It is read by the stand-in
/// itself; here it is only judged, so that a slip of the pen leaves no cluster open.
/// </summary>
public sealed class NetworkGuard
{
    /// <summary>Where it stands.</summary>
    internal const string Section = "Orleans:Network";

    /// <summary>A secret that both ends prove to know; 16 characters or more. Empty = none is asked for.</summary>
    public string SharedSecret { get; set; } = "";

    /// <summary>A PKCS#12 file with the certificate of this process and its key: connections are TLS. Empty = they are not.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The password of that file.</summary>
    public string CertificatePassword { get; set; } = "";

    /// <summary>The name that the certificates of silos bear.</summary>
    public string TargetHost { get; set; } = "";

    /// <summary>Whether those who connect must show a certificate.</summary>
    public bool RequireClientCertificate { get; set; }
}

/// <summary>Refuses a guard that would not stand.</summary>
internal sealed class NetworkGuardValidator : IValidateOptions<NetworkGuard>
{
    private const int LeastSecret = 16;

    // Orleans' own packages have TLS by code and no such section.
    private static readonly bool IsGuarded = typeof(IGrainFactory).Assembly.GetType("Orleans.Configuration.NetworkSecurityOptions") is not null;

    public ValidateOptionsResult Validate(string? name, NetworkGuard options)
    {
        var problems = new List<string>();
        var asked = options.SharedSecret.Length > 0 || options.CertificateFile.Length > 0 || options.RequireClientCertificate;
        if (asked && !IsGuarded)
            problems.Add($"{NetworkGuard.Section} is set, but this build has Orleans' own packages, which do not read it; keep the silos' ports in a network of their own.");
        if (options.SharedSecret.Length is > 0 and < LeastSecret)
            problems.Add($"{NetworkGuard.Section}:SharedSecret has {options.SharedSecret.Length} characters; expected {LeastSecret} or more.");
        if (options.CertificateFile.Length > 0 && !File.Exists(options.CertificateFile))
            problems.Add($"{NetworkGuard.Section}:CertificateFile is '{options.CertificateFile}'; there is no such file.");
        if (options.CertificateFile.Length == 0 && (options.RequireClientCertificate || options.TargetHost.Length > 0))
            problems.Add($"{NetworkGuard.Section} asks for certificates, but CertificateFile is empty: connections would not be TLS.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
