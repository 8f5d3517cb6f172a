using Microsoft.Extensions.Options;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Where membership, run records and checkpoints lie. Bound from the section <c>Store</c>.</summary>
public sealed class StoreSettings
{
    /// <summary>
    /// A store that every silo and client of the cluster sees, as <see cref="StoreAddress"/> understands it: a folder, the URL
    /// of a blob container, a connection string. One with a secret belongs into the environment: <c>Store__Address</c>.
    /// </summary>
    public string Address { get; set; } = "";

    /// <summary>Opens the store.</summary>
    /// <exception cref="ArgumentException">The address is none.</exception>
    public ICheckpointStore Open() => Place.Open();

    /// <summary>The address, understood.</summary>
    internal StoreAddress Place => StoreAddress.Parse(Address);
}

/// <summary>Refuses a store that cannot be.</summary>
internal sealed class StoreSettingsValidator : IValidateOptions<StoreSettings>
{
    public ValidateOptionsResult Validate(string? name, StoreSettings options)
    {
        if (string.IsNullOrWhiteSpace(options.Address))
            return ValidateOptionsResult.Fail("Store:Address is not set; expected a folder that all silos of the cluster share, or the URL of a blob container, as --store ADDRESS or Store__Address.");
        return StoreAddress.TryParse(options.Address, out _, out var problem)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Store:Address: {problem}");
    }
}
