using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Hosting.Tests.Storage;

/// <summary>A fresh place that stores open one by one, as processes would; gone with the test.</summary>
public abstract class StorePlace : IAsyncDisposable
{
    public virtual ValueTask PrepareAsync(CancellationToken token) => ValueTask.CompletedTask;

    public abstract ICheckpointStore Open();

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A folder.</summary>
public sealed class FolderPlace : StorePlace
{
    private readonly StoreFolder _folder = new();

    public override ICheckpointStore Open() => _folder.Open();

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return base.DisposeAsync();
    }
}

/// <summary>A container of the storage emulator.</summary>
public sealed class BlobPlace(Azurite azurite) : StorePlace
{
    private string? _address;

    public override async ValueTask PrepareAsync(CancellationToken token) =>
        _address = $"{await azurite.ConnectionStringAsync(token)};Container={azurite.FreshContainer()}";

    public override ICheckpointStore Open() => StoreAddress.Parse(_address!).Open();
}
