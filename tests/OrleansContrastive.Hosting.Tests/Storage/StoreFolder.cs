using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Hosting.Tests.Storage;

/// <summary>A fresh folder that stores open one by one, as processes would; gone with the test.</summary>
internal sealed class StoreFolder : IDisposable
{
    public static readonly IOptions<ClusterOptions> Cluster =
        Options.Create(new ClusterOptions { ClusterId = "test/cluster", ServiceId = "test service" });

    private readonly string _path = Directory.CreateTempSubdirectory("oc-hosting-").FullName;

    public FolderStore Open() => new(_path, flushToDisk: false);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
