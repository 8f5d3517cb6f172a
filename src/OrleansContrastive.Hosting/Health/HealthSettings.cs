using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansContrastive.Hosting.Health;

/// <summary>Where the health endpoints answer. Bound from the section <c>Health</c>.</summary>
public sealed class HealthSettings
{
    /// <summary>The address to listen on; <c>0.0.0.0</c> = all, as containers need it.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port; 0 = a free one, which the log names.</summary>
    public int Port { get; set; }
}

/// <summary>Refuses an address that cannot be listened on.</summary>
internal sealed class HealthSettingsValidator : IValidateOptions<HealthSettings>
{
    public ValidateOptionsResult Validate(string? name, HealthSettings options)
    {
        var problems = new List<string>();
        if (!IPAddress.TryParse(options.Address, out _)) problems.Add($"Health:Address is '{options.Address}'; expected an IP address such as 127.0.0.1 or 0.0.0.0.");
        if (options.Port is < 0 or > 65535) problems.Add($"Health:Port is {options.Port}; expected 1 to 65535, or 0 for a free port.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
