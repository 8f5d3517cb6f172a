using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Checkpoints.Stores.Blobs;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("https://acme.blob.core.windows.net/runs", "https://acme.blob.core.windows.net/runs")]
    [InlineData(" https://acme.blob.core.windows.net/runs/ ", "https://acme.blob.core.windows.net/runs")]
    [InlineData("https://acme.blob.core.windows.net/runs?sv=2023&sig=SECRET", "https://acme.blob.core.windows.net/runs")]
    [InlineData("azurite", "http://127.0.0.1:10000/devstoreaccount1/contrastive")]
    [InlineData("UseDevelopmentStorage=true;Container=box", "http://127.0.0.1:10000/devstoreaccount1/box")]
    [InlineData("http://127.0.0.1:1234/devstoreaccount1/box", "http://127.0.0.1:1234/devstoreaccount1/box")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=U0VDUkVU;container=box", "https://acme.blob.core.windows.net/box")]
    [InlineData("BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=2023&sig=SECRET", "https://acme.blob.core.windows.net/contrastive")]
    public void Addresses_of_blobs_open_a_container_and_show_no_secret(string text, string shown)
    {
        var address = StoreAddress.Parse(text);

        Assert.Equal(shown, address.ToString());
        var store = Assert.IsType<BlobStore>(address.Open());
        Assert.Equal(shown, store.Location);
    }

    [Fact]
    public void A_path_opens_a_folder()
    {
        using var folder = new TemporaryFolder();
        foreach (var path in new[] { folder.Path, folder["not/there/yet"], Path.GetRelativePath(Environment.CurrentDirectory, folder.Path), "./azurite" })
        {
            var address = StoreAddress.Parse(path);
            Assert.Equal(Path.GetFullPath(path), address.ToString());
            Assert.Equal(Path.GetFullPath(path), Assert.IsType<FolderStore>(address.Open()).Location);
        }
    }

    [Theory]
    [InlineData("", "has no address", "expected a folder")]
    [InlineData("s3://bucket/runs", "'s3://bucket/runs'", "expected a folder")]
    [InlineData("https://acme.blob.core.windows.net", "names no container", "/CONTAINER")]
    [InlineData("https://acme.blob.core.windows.net/runs/mine", "names more than a container", "/CONTAINER")]
    [InlineData("https://acme.blob.core.windows.net/Runs", "the container 'Runs'", "3 to 63 of a-z")]
    [InlineData("https://acme.blob.core.windows.net/a--b", "the container 'a--b'", "single hyphens")]
    [InlineData("http://acme.blob.core.windows.net/runs", "is not encrypted", "use https")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1", "names no container", "/CONTAINER")]
    [InlineData("AccountName=acme;Container=box", "connection string", "expected a folder")]
    [InlineData("UseDevelopmentStorage=true;Container=x", "the container 'x'", "3 to 63")]
    public void Anything_else_is_answered_with_what_would_be_right(string text, string wrong, string right)
    {
        Assert.False(StoreAddress.TryParse(text, out _, out var problem));
        Assert.Contains(wrong, problem, StringComparison.Ordinal);
        Assert.Contains(right, problem, StringComparison.Ordinal);
        Assert.Equal(problem, Assert.Throws<ArgumentException>(() => StoreAddress.Parse(text)).Message.Split(" (Parameter")[0]);
    }

    [Fact]
    public void A_file_is_no_store_and_a_secret_is_not_repeated()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");

        Assert.False(StoreAddress.TryParse(folder["file"], out _, out var problem));
        Assert.Contains("is a file", problem, StringComparison.Ordinal);
        Assert.False(StoreAddress.TryParse("AccountKey=SECRET;AccountNme=acme", out _, out problem));
        Assert.DoesNotContain("SECRET", problem, StringComparison.Ordinal);
        Assert.False(StoreAddress.TryParse("https://acme.blob.core.windows.net/?sig=SECRET", out _, out problem));
        Assert.DoesNotContain("SECRET", problem, StringComparison.Ordinal);
    }
}
