using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Membership;

/// <summary>Writes this silo into the membership table: that it joins, serves, lives, stops and is gone.</summary>
internal sealed class MembershipAgent(
    IMembershipTable table, ILocalSiloDetails details, IOptions<ClusterMembershipOptions> options,
    IOptions<EndpointOptions> endpoints, TimeProvider time, RuntimeLog log) : IDisposable
{
    private const int MostAttempts = 100;

    private MembershipEntry? _entry;
    private ITimer? _alive;

    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTable(true).ConfigureAwait(false);
        await WriteAsync(SiloStatus.Joining, cancellationToken).ConfigureAwait(false);
    }

    public async Task BecomeActiveAsync(CancellationToken cancellationToken)
    {
        await WriteAsync(SiloStatus.Active, cancellationToken).ConfigureAwait(false);
        var period = options.Value.IAmAliveTablePublishTimeout;
        _alive = Timers.Create(time, _ => _ = SayAliveAsync(), null, period, period);
    }

    /// <summary>Says how far the stop has come; a silo that never joined, or that others declared dead, has nothing to say.</summary>
    public async Task LeaveAsync(SiloStatus status, CancellationToken cancellationToken)
    {
        if (status == SiloStatus.Dead) Dispose();
        if (_entry is null) return;
        var row = (await table.ReadRow(details.SiloAddress).ConfigureAwait(false)).TryGet(details.SiloAddress);
        if (row?.Item1.Status != SiloStatus.Dead) await WriteAsync(status, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _alive?.Dispose();

    // A refused write means that another silo wrote first: read again and try again.
    private async Task WriteAsync(SiloStatus status, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var data = await table.ReadAll().ConfigureAwait(false);
            var row = data.TryGet(details.SiloAddress);
            if (row?.Item1.Status == SiloStatus.Dead && status != SiloStatus.Dead)
                throw new OrleansException($"Silo {details.SiloAddress} was declared dead and cannot become {status}.");
            var entry = row?.Item1.Copy() ?? NewEntry();
            entry.Status = status;
            entry.IAmAliveTime = time.GetUtcNow().UtcDateTime;
            var written = row is null
                ? await table.InsertRow(entry, data.Version.Next()).ConfigureAwait(false)
                : await table.UpdateRow(entry, row.Item2, data.Version.Next()).ConfigureAwait(false);
            if (!written) continue;
            _entry = entry;
            return;
        }

        throw new OrleansException($"Silo {details.SiloAddress} could not write its status {status}: {MostAttempts} attempts met other writers.");
    }

    private MembershipEntry NewEntry() => new()
    {
        SiloAddress = details.SiloAddress,
        SiloName = details.Name,
        HostName = details.DnsHostName,
        ProxyPort = endpoints.Value.GatewayPort,
        StartTime = time.GetUtcNow().UtcDateTime,
    };

    private async Task SayAliveAsync()
    {
        try
        {
            var entry = _entry!.Copy();
            entry.IAmAliveTime = time.GetUtcNow().UtcDateTime;
            await table.UpdateIAmAlive(entry).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            log.AliveFailed(exception, details.SiloAddress);
        }
    }
}
