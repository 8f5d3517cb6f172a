using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Profile.Tests;

/// <summary>A silo writes itself into whatever membership table its host registers.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task A_silo_joins_serves_and_leaves_by_the_table()
    {
        var table = new RecordingTable();
        var ports = LoopbackPorts.Take(2);
        using var host = TestSilo.Build(builder => builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("table", "table"));
            silo.ConfigureEndpoints(IPAddress.Loopback, ports[0], ports[1]);
            silo.Services.AddSingleton<IMembershipTable>(table);
        }));
        await host.StartAsync(TestContext.Current.CancellationToken);
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        await Until.HoldsAsync(async () => (await table.ReadAll()).TryGet(details.SiloAddress)?.Item1.Status == SiloStatus.Active, "the silo is active");
        var row = (await table.ReadAll()).TryGet(details.SiloAddress)!.Item1;
        Assert.Equal((details.Name, ports[1]), (row.SiloName, row.ProxyPort));
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(SiloStatus.Dead, (await table.ReadAll()).TryGet(details.SiloAddress)!.Item1.Status);
        Assert.Equal(
            [SiloStatus.Joining, SiloStatus.Active, SiloStatus.Dead],
            table.Written.Where(it => it is SiloStatus.Joining or SiloStatus.Active or SiloStatus.Dead).Distinct());
    }

    [Fact]
    public void Addresses_and_versions_are_values()
    {
        var address = SiloAddress.New(IPAddress.Parse("10.1.2.3"), 11111, 77);
        Assert.Equal("10.1.2.3:11111@77", address.ToParsableString());
        Assert.Equal(address, SiloAddress.FromParsableString("10.1.2.3:11111@77"));
        Assert.NotEqual(address, SiloAddress.New(address.Endpoint, 78));
        Assert.True(SiloAddress.AllocateNewGeneration() < SiloAddress.AllocateNewGeneration());
        var version = new TableVersion(3, "tag");
        Assert.Equal((4, "tag"), (version.Next().Version, version.Next().VersionEtag));
        Assert.Equal(GrainId.Create("type", "key/with/slashes"), GrainId.Parse("type/key/with/slashes"));
    }

    /// <summary>A table in memory that keeps what was written, and refuses the first write as if another silo had been quicker.</summary>
    private sealed class RecordingTable : IMembershipTable
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<SiloAddress, (MembershipEntry Entry, string Tag)> _rows = [];
        private TableVersion _version = new(0, "0");
        private bool _refused;

        public ConcurrentQueue<SiloStatus> Written { get; } = new();

        public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

        public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

        public Task<MembershipTableData> ReadRow(SiloAddress key)
        {
            lock (_gate)
                return Task.FromResult(_rows.TryGetValue(key, out var row) ? new MembershipTableData(Tuple.Create(row.Entry, row.Tag), _version) : new MembershipTableData(_version));
        }

        public Task<MembershipTableData> ReadAll()
        {
            lock (_gate) return Task.FromResult(new MembershipTableData([.. _rows.Values.Select(row => Tuple.Create(row.Entry, row.Tag))], _version));
        }

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Write(entry, null, tableVersion);

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Write(entry, etag, tableVersion);

        public Task UpdateIAmAlive(MembershipEntry entry) => Task.CompletedTask;

        private Task<bool> Write(MembershipEntry entry, string? tag, TableVersion version)
        {
            lock (_gate)
            {
                var current = _rows.TryGetValue(entry.SiloAddress, out var row) ? row.Tag : null;
                if (!_refused || current != tag || version.VersionEtag != _version.VersionEtag)
                {
                    _refused = true;
                    return Task.FromResult(false);
                }

                var next = Guid.NewGuid().ToString("N");
                _rows[entry.SiloAddress] = (entry, next);
                _version = new TableVersion(version.Version, next);
                Written.Enqueue(entry.Status);
                return Task.FromResult(true);
            }
        }
    }
}
