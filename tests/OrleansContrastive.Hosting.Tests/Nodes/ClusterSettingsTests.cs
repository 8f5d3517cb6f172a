using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Tests.Storage;

namespace OrleansContrastive.Hosting.Tests.Nodes;

/// <summary>Where a cluster keeps its membership: one place for all its silos, which its store names.</summary>
public sealed class ClusterSettingsTests : IDisposable
{
    private const string Tables = "https://account.table.core.windows.net";

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("account")]
    [InlineData("http://account.table.core.windows.net")]
    [InlineData(Tables + "?sv=1&sig=hidden")]
    public void A_table_service_that_cannot_be_is_refused_and_no_signature_is_told(string tables)
    {
        var result = new ClusterSettingsValidator().Validate(null, new() { Tables = tables });
        Assert.Equal(tables.Length > 0, result.Failed);
        if (!result.Failed) return;
        Assert.Contains("Cluster:Tables is '", result.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_official_packages_a_table_service_is_refused_with_what_to_do()
    {
        var result = new ClusterSettingsValidator().Validate(null, new() { Tables = Tables });
        Assert.Equal(AzureProviders.Lack is not null, result.Failed);
        if (result.Failed) Assert.Contains("-p:Stack=nuget", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_id_is_the_default_one() =>
        Assert.Equal((ContrastiveNode.DefaultCluster, "blue"), (new ClusterSettings { ClusterId = "" }.ClusterId, new ClusterSettings { ClusterId = "blue" }.ClusterId));

    [Fact]
    public async Task Silos_that_would_look_for_each_other_in_two_places_do_not_join()
    {
        var store = _folder.Open();
        await SelfTest.CheckPlaceAsync(store, new() { ClusterId = "one" }, Token);
        Assert.Null(await ClusterPlace.ReadAsync(store, "one", Token));

        await SelfTest.CheckPlaceAsync(store, new() { ClusterId = "two", Tables = Tables }, Token);
        await SelfTest.CheckPlaceAsync(store, new() { ClusterId = "two", Tables = Tables + "/" }, Token);
        Assert.Equal(new Uri(Tables), await ClusterPlace.ReadAsync(store, "two", Token));
        foreach (var other in new[] { "", "https://other.table.core.windows.net" })
        {
            var failure = await Assert.ThrowsAsync<SelfTestException>(() => SelfTest.CheckPlaceAsync(store, new() { ClusterId = "two", Tables = other }, Token));
            Assert.Contains("two clusters", failure.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("https://account.blob.core.windows.net/contrastive", "https://account.blob.core.windows.net/")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/contrastive", "http://127.0.0.1:10000/devstoreaccount1")]
    [InlineData("https://account.blob.core.windows.net/contrastive?sv=1&sig=x", null)]
    [InlineData("/some/folder", null)]
    public void The_account_beside_a_store_is_known_where_its_credential_is_not_in_the_address(string store, string? account) =>
        Assert.Equal(account is null ? null : new Uri(account), StoreAddress.Parse(store).Account);
}
