using Microsoft.Extensions.Logging;
using Orleans;
using OrleansContrastive.Checkpoints.Stores;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Hosting.Storage;
using OrleansContrastive.Hosting.Workers;
using TorchSharp;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>A silo cannot do its work here; the message says what was expected and what was found.</summary>
public sealed class SelfTestException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// What a silo tries before it joins: that the store can be written and honours conditions, that its devices are there, and that
/// another silo reaches its advertised address. It fails at once and by name, where the cluster would fail later and at random.
/// </summary>
public sealed partial class SelfTest
{
    private readonly ICheckpointStore _store;
    private readonly SiloIdentity _silo;
    private readonly WorkerOptions _options;
    private readonly ClusterSettings _cluster;
    private readonly IMembershipTable _membership;
    private readonly Reachability _reachability;
    private readonly ILogger<SelfTest> _logger;

    internal SelfTest(
        ICheckpointStore store, SiloIdentity silo, WorkerOptions options, ClusterSettings cluster, IMembershipTable membership, Reachability reachability, ILogger<SelfTest> logger)
    {
        (_store, _silo, _options, _cluster, _membership) = (store, silo, options, cluster, membership);
        (_reachability, _logger) = (reachability, logger);
    }

    /// <summary>Tries it all.</summary>
    /// <exception cref="SelfTestException">Something does not hold.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        CheckDevices(_options, _silo.Roles);
        await CheckStoreAsync(_store, $"clusters/{ObjectKey.Segment(_cluster.ClusterId)}/self-test/{ObjectKey.Segment(_silo.Name)}", cancellationToken);
        await CheckPlaceAsync(_store, _cluster, cancellationToken);
        await CheckMembershipAsync(_membership, _cluster.TableService?.ToString() ?? _store.Location);
        var reached = await _reachability.AskAsync(cancellationToken);
        Log.Passed(_logger, _silo.Name, _store.Location, reached);
    }

    /// <summary>The devices that the roles need.</summary>
    /// <exception cref="SelfTestException">One is not there.</exception>
    internal static void CheckDevices(WorkerOptions options, WorkerRoles roles)
    {
        if (LaneFactory.IsCpu(options) || (roles & GrainRoles.NeedingLanes) == 0) return;
        var found = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        foreach (var name in LaneFactory.Names(options))
        {
            var index = name == "cuda" ? 0 : int.Parse(name[5..], null);
            if (index < found) continue;
            // Falling back to the CPU in silence would cost hours.
            throw new SelfTestException(
                $"Worker:Device names '{name}', which the roles '{RoleNames.Text(roles & GrainRoles.NeedingLanes)}' need; libtorch {torch.__version__} finds {found} CUDA devices here.");
        }
    }

    /// <summary>The store takes writes, and refuses those whose condition does not hold.</summary>
    /// <exception cref="SelfTestException">It does not.</exception>
    internal static async Task CheckStoreAsync(ICheckpointStore store, string key, CancellationToken cancellationToken)
    {
        byte[] content = [1, 2, 3];
        try
        {
            await store.DeleteAsync(key, default, cancellationToken);
            var tag = await store.WriteAsync(key, content, WriteCondition.IfAbsent, cancellationToken);
            if (await store.ReadAsync(key, cancellationToken) is not { } read || !read.Content.Span.SequenceEqual(content))
                throw new SelfTestException($"The store {store.Location} did not give back what was written to '{key}'.");
            await MustRefuseAsync(WriteCondition.IfAbsent, "an object where one is already");
            await store.WriteAsync(key, content, WriteCondition.IfMatch(tag), cancellationToken);
            await MustRefuseAsync(WriteCondition.IfMatch(tag), "a write over a newer object");
            await store.DeleteAsync(key, default, cancellationToken);
        }
        catch (Exception exception) when (exception is not (SelfTestException or OperationCanceledException))
        {
            throw new SelfTestException($"The store {store.Location} cannot be used: writing '{key}' failed: {exception.Message}", exception);
        }

        async Task MustRefuseAsync(WriteCondition condition, string what)
        {
            try
            {
                await store.WriteAsync(key, content, condition, cancellationToken);
            }
            catch (ConditionFailedException)
            {
                return;
            }

            throw new SelfTestException($"The store {store.Location} does not honour conditional writes: expected it to refuse {what} at '{key}'; it took it. Two owners could not be told apart there.");
        }
    }

    /// <summary>All silos of the cluster look for each other in one place.</summary>
    /// <exception cref="SelfTestException">The cluster is kept elsewhere.</exception>
    internal static async Task CheckPlaceAsync(ICheckpointStore store, ClusterSettings cluster, CancellationToken cancellationToken)
    {
        var entered = await ClusterPlace.EnterAsync(store, cluster.ClusterId, cluster.TableService, cancellationToken);
        if (entered == cluster.TableService) return;
        throw new SelfTestException(
            $"Cluster '{cluster.ClusterId}' in {store.Location} keeps its membership in {entered}, and Cluster:Tables is {(cluster.TableService is null ? "not set" : $"'{cluster.TableService}'")} here: these would be two clusters. Set it as the others have it, or give another Cluster:ClusterId.");
    }

    /// <summary>The membership table can be made and read.</summary>
    /// <exception cref="SelfTestException">It cannot.</exception>
    internal static async Task CheckMembershipAsync(IMembershipTable membership, string location)
    {
        try
        {
            await membership.InitializeMembershipTable(tryInitTableVersion: true);
            await membership.ReadAll();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new SelfTestException($"The membership table in {location} cannot be used: {exception.Message}", exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Information, "Self-test of {Silo} passed: store {Store}; address {Reached}")]
        public static partial void Passed(ILogger logger, string silo, string store, string reached);
    }
}
