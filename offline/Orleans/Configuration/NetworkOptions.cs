using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Configuration;

/// <summary>How connections are opened.</summary>
public class ConnectionOptions
{
    /// <summary>The usual limit of an open.</summary>
    public static readonly TimeSpan DEFAULT_OPENCONNECTION_TIMEOUT = TimeSpan.FromSeconds(5);

    /// <summary>How long after a failed open the next is tried.</summary>
    public TimeSpan ConnectionRetryDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long an open with its handshake may take.</summary>
    public TimeSpan OpenConnectionTimeout { get; set; } = DEFAULT_OPENCONNECTION_TIMEOUT;
}

/// <summary>How a client looks for gateways.</summary>
public class GatewayOptions
{
    /// <summary>How often the list of gateways is asked for again, while all is well.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>
/// Who may connect. Of the stand-in alone: bound from the configuration section "Orleans:Network", so that source for both stacks
/// need not name it. The same on all silos and clients of a cluster.
/// </summary>
public class NetworkSecurityOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Orleans:Network";

    /// <summary>A secret that both ends prove to know before anything else is read (HMAC-SHA256 challenge); none by default.</summary>
    public string SharedSecret { get; set; } = "";

    /// <summary>The certificate of this process with its private key; connections are TLS where it is set.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>A PKCS#12 file that holds <see cref="Certificate"/>, for configuration files.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The password of <see cref="CertificateFile"/>.</summary>
    public string? CertificatePassword { get; set; }

    /// <summary>The name that the certificates of silos bear.</summary>
    public string? TargetHost { get; set; }

    /// <summary>Whether those who connect must show a certificate.</summary>
    public bool RequireClientCertificate { get; set; }

    /// <summary>Judges certificates; the system's rules where none is given.</summary>
    public RemoteCertificateValidationCallback? RemoteCertificateValidation { get; set; }
}
