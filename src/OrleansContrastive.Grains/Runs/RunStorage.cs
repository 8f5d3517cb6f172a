namespace OrleansContrastive.Grains.Runs;

/// <summary>Where run grains keep their record.</summary>
public static class RunStorage
{
    /// <summary>Name of the grain storage provider.</summary>
    public const string Provider = "runs";
}
