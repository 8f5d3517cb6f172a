using System.Net;
using Orleans;
using Orleans.Runtime;
using OrleansContrastive.Checkpoints;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Hosting.Tests.Storage;

public sealed class FolderMembershipTableTests() : StoreMembershipTableTests(new FolderPlace());

public sealed class BlobMembershipTableTests(Azurite azurite) : StoreMembershipTableTests(new BlobPlace(azurite));

/// <summary>Membership and gateways in every kind of store.</summary>
public abstract class StoreMembershipTableTests(StorePlace place) : IAsyncLifetime
{
    private static readonly DateTime Noon = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);

    private StoreMembershipTable? _opened;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private StoreMembershipTable Table => _opened ??= ATable();

    public ValueTask InitializeAsync() => place.PrepareAsync(Token);

    public ValueTask DisposeAsync() => place.DisposeAsync();

    [Fact]
    public async Task A_table_that_nobody_wrote_is_empty_and_can_be_written()
    {
        var empty = await Table.ReadAll();
        Assert.Empty(empty.Members);
        Assert.Equal(0, empty.Version.Version);

        Assert.True(await Table.InsertRow(ASilo(1), empty.Version.Next()));
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_written()
    {
        await Table.InitializeMembershipTable(true);
        var silo = ASilo(1);
        silo.SuspectTimes = [Tuple.Create(ASilo(2).SiloAddress, Noon.AddTicks(1234567))];
        Assert.True(await Table.InsertRow(silo, (await Table.ReadAll()).Version.Next()));

        var read = await ATable().ReadRow(silo.SiloAddress);

        Assert.Equal(1, read.Version.Version);
        var entry = Assert.Single(read.Members).Item1;
        Assert.Equal(silo.SiloAddress, entry.SiloAddress);
        Assert.Equal((SiloStatus.Joining, "silo-1", "host", 30001), (entry.Status, entry.SiloName, entry.HostName, entry.ProxyPort));
        Assert.Equal((Noon, Noon, DateTimeKind.Utc), (entry.StartTime, entry.IAmAliveTime, entry.IAmAliveTime.Kind));
        Assert.Equal(silo.SuspectTimes, entry.SuspectTimes);
        Assert.Empty((await Table.ReadRow(ASilo(9).SiloAddress)).Members);
    }

    [Fact]
    public async Task Initialisation_leaves_a_table_as_it_is()
    {
        await Table.InitializeMembershipTable(true);
        await InsertAsync(Table, ASilo(1));
        var before = await Table.ReadAll();

        await ATable().InitializeMembershipTable(true);

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.Single(after.Members);
    }

    [Fact]
    public async Task A_write_on_top_of_an_old_version_is_refused()
    {
        await Table.InitializeMembershipTable(true);
        var old = (await Table.ReadAll()).Version;
        Assert.True(await Table.InsertRow(ASilo(1), old.Next()));

        Assert.False(await ATable().InsertRow(ASilo(2), old.Next()));
        Assert.False(await Table.InsertRow(ASilo(1), (await Table.ReadAll()).Version.Next()));

        Assert.Single((await Table.ReadAll()).Members);
    }

    [Fact]
    public async Task An_update_needs_the_newest_row_and_the_newest_version()
    {
        await InsertAsync(Table, ASilo(1));
        var read = await Table.ReadAll();
        var (entry, tag) = (read.Members[0].Item1, read.Members[0].Item2);
        entry.Status = SiloStatus.Active;

        Assert.False(await Table.UpdateRow(entry, "another tag", read.Version.Next()));
        Assert.False(await Table.UpdateRow(ASilo(2), tag, read.Version.Next()));
        Assert.True(await Table.UpdateRow(entry, tag, read.Version.Next()));
        Assert.False(await Table.UpdateRow(entry, tag, read.Version.Next()));
        Assert.False(await Table.UpdateRow(entry, tag, (await Table.ReadAll()).Version.Next()));

        var now = await Table.ReadAll();
        Assert.Equal((2, SiloStatus.Active), (now.Version.Version, now.Members[0].Item1.Status));
        Assert.NotEqual(tag, now.Members[0].Item2);
    }

    [Fact]
    public async Task A_heartbeat_changes_the_time_and_no_tag()
    {
        await InsertAsync(Table, ASilo(1));
        var before = await Table.ReadAll();
        var beat = ASilo(1);
        beat.IAmAliveTime = Noon.AddMinutes(1);
        beat.Status = SiloStatus.Dead;

        await ATable().UpdateIAmAlive(beat);

        var after = await Table.ReadAll();
        Assert.Equal(Noon.AddMinutes(1), after.Members[0].Item1.IAmAliveTime);
        Assert.Equal(SiloStatus.Joining, after.Members[0].Item1.Status);
        Assert.Equal(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.True(await Table.UpdateRow(before.Members[0].Item1, before.Members[0].Item2, before.Version.Next()));
        await Table.UpdateIAmAlive(ASilo(7));
    }

    [Fact]
    public async Task Contending_tables_let_one_through_at_a_time_and_lose_nobody()
    {
        await Table.InitializeMembershipTable(true);
        using var stop = new CancellationTokenSource();
        var beats = Task.Run(async () =>
        {
            var table = ATable();
            while (!stop.IsCancellationRequested) await table.UpdateIAmAlive(ASilo(1));
        }, Token);

        await Task.WhenAll(Enumerable.Range(1, 6).Select(silo => Task.Run(async () =>
        {
            var table = ATable(); // as another process has it
            await InsertAsync(table, ASilo(silo));
            foreach (var status in new[] { SiloStatus.Active, SiloStatus.ShuttingDown, SiloStatus.Dead })
                await UpdateAsync(table, ASilo(silo), status);
        }, Token)));
        await stop.CancelAsync();
        await beats;

        var read = await Table.ReadAll();
        Assert.Equal(6, read.Members.Count);
        Assert.All(read.Members, member => Assert.Equal(SiloStatus.Dead, member.Item1.Status));
        // Every accepted write took one version, and none was taken twice.
        Assert.Equal(6 * 4, read.Version.Version);
    }

    [Fact]
    public async Task Cleaning_removes_only_the_dead_of_long_ago()
    {
        var (longDead, lateDead, oldButAlive) = (ASilo(1), ASilo(2), ASilo(3));
        longDead.Status = lateDead.Status = SiloStatus.Dead;
        lateDead.IAmAliveTime = Noon.AddDays(3);
        foreach (var silo in new[] { longDead, lateDead, oldButAlive }) await InsertAsync(Table, silo);
        var before = (await Table.ReadAll()).Version;

        await Table.CleanupDefunctSiloEntries(new DateTimeOffset(Noon.AddDays(1)));

        var after = await Table.ReadAll();
        Assert.Equal(["silo-2", "silo-3"], after.Members.Select(member => member.Item1.SiloName).Order());
        Assert.Equal(before.VersionEtag, after.Version.VersionEtag);
    }

    [Fact]
    public async Task A_deleted_table_accepts_nothing_that_was_read_before()
    {
        await InsertAsync(Table, ASilo(1));
        var before = await Table.ReadAll();

        await Table.DeleteMembershipTableEntries("another cluster");
        Assert.Single((await Table.ReadAll()).Members);
        await Table.DeleteMembershipTableEntries(StoreFolder.Cluster.Value.ClusterId);

        Assert.Empty((await Table.ReadAll()).Members);
        Assert.False(await Table.UpdateRow(before.Members[0].Item1, before.Members[0].Item2, before.Version.Next()));
        await Table.InitializeMembershipTable(true);
        Assert.False(await Table.InsertRow(ASilo(2), before.Version.Next()));
    }

    [Fact]
    public async Task Gateways_are_those_of_active_silos()
    {
        var (active, joining, hidden) = (ASilo(1), ASilo(2), ASilo(3));
        active.Status = hidden.Status = SiloStatus.Active;
        hidden.ProxyPort = 0;
        foreach (var silo in new[] { active, joining, hidden }) await InsertAsync(Table, silo);

        var gateways = await new StoreGatewayListProvider(place.Open(), StoreFolder.Cluster).GetGateways();

        Assert.Equal([new Uri("gwy.tcp://10.0.0.1:30001/701")], gateways);
        Assert.Empty(await new StoreGatewayListProvider(
            place.Open(), Microsoft.Extensions.Options.Options.Create(new Orleans.Configuration.ClusterOptions { ClusterId = "none" })).GetGateways());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"version":1,"rows":[]}""")]
    public async Task A_damaged_table_is_named(string json)
    {
        await place.Open().WriteAsync(
            "clusters/test%2Fcluster/membership.json", System.Text.Encoding.UTF8.GetBytes(json), cancellationToken: Token);

        var fault = await Assert.ThrowsAsync<CheckpointException>(Table.ReadAll);

        Assert.Contains("clusters/test%2Fcluster/membership.json", fault.Message, StringComparison.Ordinal);
    }

    private static MembershipEntry ASilo(int number) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Parse($"10.0.0.{number}"), 11000 + number, 700 + number),
        Status = SiloStatus.Joining,
        SiloName = $"silo-{number}",
        HostName = "host",
        ProxyPort = 30000 + number,
        StartTime = Noon,
        IAmAliveTime = Noon,
    };

    private static async Task InsertAsync(StoreMembershipTable table, MembershipEntry entry)
    {
        while (!await table.InsertRow(entry, (await table.ReadAll()).Version.Next()))
        {
        }
    }

    private static async Task UpdateAsync(StoreMembershipTable table, MembershipEntry entry, SiloStatus status)
    {
        entry.Status = status;
        while (true)
        {
            var read = await table.ReadAll();
            if (await table.UpdateRow(entry, read.TryGet(entry.SiloAddress)!.Item2, read.Version.Next())) return;
        }
    }

    private StoreMembershipTable ATable() => new(place.Open(), StoreFolder.Cluster);
}
