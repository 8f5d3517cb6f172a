using Microsoft.Extensions.Options;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Storage;

/// <summary>Where membership, run records and checkpoints lie. Bound from the section <c>Store</c>.</summary>
public sealed class StoreSettings
{
    /// <summary>A folder that every silo and client of the cluster sees.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Opens the store.</summary>
    public ICheckpointStore Open() => new FolderStore(Folder);
}

/// <summary>Refuses a store that cannot be.</summary>
internal sealed class StoreSettingsValidator : IValidateOptions<StoreSettings>
{
    public ValidateOptionsResult Validate(string? name, StoreSettings options)
    {
        if (string.IsNullOrWhiteSpace(options.Folder))
            return ValidateOptionsResult.Fail("Store:Folder is not set; expected a folder that all silos of the cluster share, as --store FOLDER or Store__Folder.");
        return File.Exists(options.Folder)
            ? ValidateOptionsResult.Fail($"Store:Folder is '{options.Folder}', which is a file; expected a folder.")
            : ValidateOptionsResult.Success;
    }
}
